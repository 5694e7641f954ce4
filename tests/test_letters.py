"""Links that a letter made for its one reader are not for the readers of an output."""

import pytest

from aggregator.model import RawEntry, RawText, SafeHtml
from aggregator.refine.markup import outward
from tests.test_normalize import refined

READER = "5b3c0f1a2b3c4d5e6f7a8b9c0"
REL = 'rel="noopener noreferrer"'


def shown(before: str, url: str, words: str, after: str = "") -> str:
    return outward(SafeHtml(f'<p>High tide.</p><p>{before}<a href="{url}" {REL}>{words}</a>{after}</p>'))


@pytest.mark.parametrize(
    ("before", "url", "words"),
    [
        ("You may ", f"https://harbour.us1.list-manage.com/unsubscribe?u={READER}&amp;id=ab12", "leave this list"),
        ("or ", f"https://harbour.us1.list-manage.com/profile?u={READER}", "change what we know"),
        ("", "https://letters.example/redirect/2/eyJlIjoiaHR0cHM6Ly90In0.Xy", "<span>Unsubscribe</span>"),
        ("", f"https://letters.example/c/{READER}", "Manage your subscription"),
        ("", "https://letters.example/unsubscribe?email=ann%40home.example", "Unsubscribe"),
        ("", "https://letters.example/abmelden/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "Hier klicken"),
        ("", f"https://letters.example/c/{READER}", "Click here to unsubscribe from this list"),
        ("To unsubscribe, click ", f"https://link.letters.example/ss/c/u001.{READER}/h1", "here"),
        ("Pour vous désabonner, cliquez ", f"https://letters.example/c/{READER}", "ici"),
        ("若要", f"https://letters.example/c/{READER}", "取消订阅"),
        ("", f"mailto:unsubscribe-{READER}@letters.example", "Unsubscribe"),
    ],
)
def test_a_link_by_which_anybody_would_leave_in_its_readers_name_is_only_words(before: str, url: str, words: str) -> None:
    assert shown(before, url, words) == f"<p>High tide.</p><p>{before}{words}</p>"


@pytest.mark.parametrize(
    ("before", "url", "words"),
    [
        ("", "https://letters.example/unsubscribe", "Unsubscribe"),
        ("", "mailto:tides-unsubscribe@lists.example", "Unsubscribe"),
        ("", "https://help.example/articles/how-to-unsubscribe-in-2026", "How to unsubscribe"),
        ("", "https://help.example/articles/360001234567-How-to-Unsubscribe-from-Emails", "How to unsubscribe from emails"),
        ("", "https://help.example/answer/8151?hl=en#zippy=%2Cunsubscribe-from-mass-mail", "unsubscribe"),
        ("You can unsubscribe at any time. ", "https://docs.example/d/1AbCdEfGhIjKlMnOp2/edit", "Our report on the ferry"),
        ("", "https://code.example/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709", "Fix unsubscribe links"),
        ("", f"https://letters.example/c/{READER}", "High tide at noon"),
        ("", f"https://sheets.example/d/{READER}/edit", "Voters' preferences by county"),
        ("", f"https://notes.example/how-to#{READER}", "Unsubscribe"),
        ("", f"https://letters.example/unsubscribe/{READER}", f"High tide at noon {'and at night ' * 8}"),
        ("", f"https://forms.example/d/{READER}/viewform", "Opt out here"),
        ("", f"https://papers.example/{READER}", "Why half of all readers of letters unsubscribe within a year"),
        ("", f"https://journal.example/{READER}/opt-out-organ-donation", "Organ donation: a review"),
    ],
)
def test_any_other_link_stays(before: str, url: str, words: str) -> None:
    assert f'<a href="{url}"' in shown(before, url, words)


def test_the_address_of_another_link_says_nothing_of_one() -> None:
    for length in range(150, 200):
        before = f'<a href="https://a.example/why-people-unsubscribe" {REL}>a</a> <a href="https://a.example/{"b" * length}" {REL}>b</a> '
        assert f'<a href="https://docs.example/d/{READER}"' in shown(before, f"https://docs.example/d/{READER}", "here")


def test_a_letter_is_published_so() -> None:
    letter = f'<p>High tide.</p><p><a href="https://letters.example/unsubscribe?u={READER}">Unsubscribe</a></p>'
    entry = refined(RawEntry(id="1", contents=(RawText(value=letter, type="html"),)))
    assert entry.content == "<p>High tide.</p><p>Unsubscribe</p>"
