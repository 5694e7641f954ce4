"""Laws of addresses, hosts and text that hold for all input."""

from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.web.host import host_of, operator, site
from aggregator.web.text import clean, looks_like_html, one_line, visible_text
from aggregator.web.url import feed_address_key, is_absolute_iri, link, link_key, resource, shown, unwrap

_WORDS = """http:// https:// // / \\ ? # & = ; : @ . .. www. m. amp. example.org github.io co.uk 127.0.0.1 [::1] :80 :443 amp index.html
    index.php utm_source=x p=1 a=%2f %41 %c3%bc %zz url= out?url= https%3A%2F%2F google.com/url?q= web.archive.org/web/2020/ #comments #!
    #:~: ü < > " ' | javascript: data: ~me /@me channel_id= m=1 .html"""
_PIECES = st.sampled_from([*_WORDS.split(), " ", "\n", "\t", "\x00", "\ud800"])
_ADDRESSES = st.lists(_PIECES, max_size=14).map("".join) | st.lists(_PIECES, max_size=12).map(lambda parts: "https://" + "".join(parts))
_ANY = st.text(st.characters(), max_size=60) | st.text(st.characters(categories=["Cs", "Cc", "Ll"]), max_size=20)
# One odd piece at most, so that most of the address is what nearly all are like.
_NORMAL = st.lists(st.sampled_from("a 9 - _ ~ . / // ; & = + %20 /post ?p=1 #more utm_source=x ref=rss".split()), max_size=5).map("".join)  # noqa: SIM905
_ODD = st.sampled_from([*"AZ%'\"^`{}|<>\\[]! @:$*,?#", "", "%2e", "/%2E%2e", "/..", "/./", "/.", "/a/../", "ü", "?", "#", "\t", " "])
_NAME = """a.example www.a.example xn--.example xn--bcher-kva.example a.xn--p1ai ab--c.example a_b.example -a.example a..example .example
    1.2 0x1.0x2 127.0.0.1 a.1 A.example ü.example a.example:443 a.example:8080 me@a.example a.example. localhost a%41.example"""
_NEARLY_NORMAL = st.tuples(
    st.sampled_from(["https://", "http://"]),
    st.sampled_from(["a.example", *_NAME.split()]),
    st.sampled_from(["/", "", "/"]),
    _NORMAL,
    _ODD,
    _NORMAL,
).map("".join)
_MARKUP = """< > </ <p <p> </p> <a href=' <b a=" ' " = <!-- --> <! <script> </script> <br> & &amp; &#9; &#xd800; x y / <![CDATA[ ]]>"""
_HTML = st.lists(st.sampled_from([*_MARKUP.split(), " ", "\n"]), max_size=30).map("".join)


@given(_ADDRESSES | _ANY)
def test_a_link_is_a_fixed_point_and_plain_ascii(text: str) -> None:
    found = link(text, "https://base.example/a/")
    if found is not None:
        assert link(found) == found
        assert resource(found) == found
        assert found.isascii()
        assert found.startswith(("http://", "https://"))
        assert len(found) <= 4096
        assert not any(char <= " " for char in found)
        assert "@" not in found.split("/")[2]


@given(_NEARLY_NORMAL, st.sampled_from([None, "https://base.example/a/", "mailto:me@base.example", "no base"]))
@example("https://xn--.example/a", None)
@example("https://a.example/a/../b", None)
@example("https://a.example/a/%2E%2e/b", None)
@example("https://a.example/a'?b='", None)
def test_an_address_that_is_normal_at_first_sight_is_read_as_any_other(text: str, base: str | None) -> None:
    # White space at the ends never counts, and with it an address is always read in full.
    assert link(text, base) == link(f"\n{text}", base)
    assert resource(text, base) == resource(f"\n{text}", base)
    assert site(text) == site(f"\n{text}")
    assert host_of(text) == host_of(f"\n{text}")


@given(_ADDRESSES | _ANY)
def test_keys_are_idempotent(text: str) -> None:
    assert link_key(link_key(text)) == link_key(text)
    assert feed_address_key(feed_address_key(text)) == feed_address_key(text)
    assert shown(shown(text)) == shown(text) or "@" in shown(text)


@given(_ADDRESSES)
def test_a_link_and_its_text_share_a_key(text: str) -> None:
    found = link(text)
    if found is not None:
        assert link_key(found) == link_key(text)
        assert unwrap(found) is not None


@given(_ADDRESSES | _ANY)
def test_publishers_and_servers_are_fixed_points(text: str) -> None:
    assert site(site(text)) == site(text)
    assert operator(operator(text)) == operator(text)
    assert operator(site(text)) == operator(text)
    assert bool(site(text)) == bool(host_of(text)) == bool(operator(text))


@given(_ANY)
def test_ids_that_pass_can_be_written_anywhere(text: str) -> None:
    if is_absolute_iri(text):
        assert clean(text) == text == text.strip()
        text.encode()


@given(_ANY)
def test_cleaning_is_idempotent_and_encodable(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert one_line(one_line(text)) == one_line(text)
    clean(text).encode()


@given(_HTML | _ANY)
def test_visible_text_never_raises_and_is_clean(html: str) -> None:
    seen = visible_text(html)
    looks_like_html(html)
    assert clean(seen) == seen
    assert all(line and line == " ".join(line.split()) for line in seen.split("\n")) or seen == ""


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&"), max_size=60))
def test_text_without_markup_is_seen_as_it_is(text: str) -> None:
    assert visible_text(text) == one_line(text)
