"""feeds.yaml: little is needed, everything wrong is said at once, and secrets stay secret."""

from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import config_yaml
from aggregator.config import load, load_text
from aggregator.errors import ConfigError
from aggregator.model import Attribution, Config, FeedSpec, Limit, Match, OutputSpec
from tests.pace import IS_LONG

HERE = Path("/srv/planet/feeds.yaml")
ONE = "feeds: [https://a.example/feed]\n"


def loaded(text: str, **environ: str) -> Config:
    return load_text(text, HERE, environ)


def feed(entry: str, **environ: str) -> FeedSpec:
    return loaded(f"feeds:\n  - {entry}\n", **environ).feeds[0]


def output(entry: str) -> OutputSpec:
    return loaded(f"{ONE}outputs:\n  - {entry}\n").outputs[0]


def problems(text: str, **environ: str) -> list[str]:
    """What `load_text` says is wrong, each as `line: message`."""
    with pytest.raises(ConfigError) as raised:
        loaded(text, **environ)
    return [f"{problem.line}: {problem.message}" for problem in raised.value.problems]


def problem(text: str, **environ: str) -> str:
    found = problems(text, **environ)
    assert len(found) == 1, found
    return found[0]


# ── little is needed ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_credit_line_with_an_unknown_slot_is_a_mistake() -> None:
    text = "feeds:\n  - url: https://a.example/\n    credit: 'From {link}, {titel}'\n"
    with pytest.raises(ConfigError, match=r"feeds.yaml:3: credit: unknown slot \{titel\} \(there are \{link\}, \{title\}, \{author\}\)"):
        load_text(text, Path("/srv/feeds.yaml"), {})


def test_one_address_is_a_whole_configuration() -> None:
    config = loaded("feeds:\n  - https://blog.example.net/feed.xml\n")

    assert [(spec.id, spec.url) for spec in config.feeds] == [("blog-example-net", "https://blog.example.net/feed.xml")]
    assert [(spec.path, spec.format) for spec in config.outputs] == [
        ("atom.xml", "atom"),
        ("rss.xml", "rss"),
        ("feed.json", "json"),
        ("index.html", "html"),
        ("opml.xml", "opml"),
    ]
    assert (config.root, config.store, config.path) == (Path("/srv/planet/public"), "/srv/planet/aggregator.db", HERE)
    assert (config.listen_host, config.listen_port, config.noindex) == ("127.0.0.1", 8080, True)


def test_a_feed_inherits_the_defaults_and_may_override_each() -> None:
    config = loaded(
        "defaults: {every: 2h, republish: full, attribution: {place: bottom, text: 'At {origin}.'}, strip: auto, limit: {per_day: 5}}\n"
        "feeds:\n"
        "  - https://a.example/\n"
        "  - {url: https://b.example/, every: 90m, republish: link, attribution: {place: none}, strip: [], limit: {per_day: 1}}\n"
    )
    first, second = config.feeds

    assert (first.every, first.republish, first.strip, first.limit) == (timedelta(hours=2), "full", ("auto",), Limit(per_day=5))
    assert (second.every, second.republish, second.strip, second.limit) == (timedelta(minutes=90), "link", (), Limit(per_day=1))
    assert second.attribution == Attribution(place="none", text="At {origin}.")


def test_everything_a_feed_may_say() -> None:
    spec = feed(
        "{url: https://a.example/, id: aa, name: A, tags: [x, y, x], republisher: true, origin: Orig, language: de, aliases: Www.A.Example,"
        " keep: {category: [Python], language: EN, title: 'x+'}, strip: ['css:.x', 'a.*b'], opt_out: true, allow_private: true}"
    )

    assert (spec.id, spec.id_given, spec.name, spec.tags) == ("aa", True, "A", ("x", "y"))
    assert (spec.republisher, spec.origin, spec.language, spec.aliases) == (True, "Orig", "de", ("www.a.example",))
    assert spec.keep == Match(fields=(("title", ("x+",)), ("category", ("python",)), ("language", ("en",))))
    assert (spec.strip, spec.opt_out, spec.allow_private, spec.line) == (("css:.x", "a.*b"), True, True, 2)


def test_everything_an_output_may_say() -> None:
    spec = output(
        "{path: n/x.dat, format: rss, title: T, feeds: a-example, max_entries: 5, max_bytes: 512 KiB, max_age: 90d, per_feed: 2,"
        " language: pt-BR, drop: {title: a}, attribution: {place: none}}"
    )

    assert spec == OutputSpec(
        path="n/x.dat",
        format="rss",
        title="T",
        feeds=("a-example",),
        max_entries=5,
        max_bytes=512 * 1024,
        max_age=timedelta(days=90),
        per_feed=2,
        language="pt-BR",
        drop=Match(fields=(("title", ("a",)),)),
        attribution=Attribution(place="none"),
    )


def test_a_key_with_nothing_behind_it_counts_as_not_written() -> None:
    config = loaded("title:\nfeeds:\n  - url: https://a.example/\n    tags:\noutputs:\n")

    assert (config.title, config.feeds[0].tags, len(config.outputs)) == ("Merged feed", (), 5)


def test_numbers_where_a_text_is_wanted_are_text() -> None:
    assert feed("{url: https://a.example/, name: 2600, tags: [2026, true]}").tags == ("2026", "true")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("30s", 30), ("5m", 300), ("2h", 7200), ("3d", 259200), ("1w", 604800), ("90 m", 5400)],
)
def test_a_span_of_time_has_a_unit(written: str, meant: int) -> None:
    assert feed(f"{{url: ./local.xml, every: {written}}}").every == timedelta(seconds=meant)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("a.atom", "atom"),
        ("planet.xml", "atom"),
        ("my-rss.xml", "rss"),
        ("a.rss", "rss"),
        ("x/opml.xml", "opml"),
        ("rss/a.xml", "atom"),
        ("a.htm", "html"),
    ],
)
def test_the_format_follows_from_the_file_name(path: str, known: str) -> None:
    assert output(path).format == known


# ── ids ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://www.news.example/feed/", "news-example"),
        ("https://planet.example/rss20.xml", "planet-example"),
        ("https://blog.example/posts/default", "blog-example"),
        ("https://a.example/Tag/Python.rss?cat=3", "a-example-tag-python-cat-3"),
        ("https://a.example:8080/~me", "a-example-me"),
        ("https://a.example/%D9%85/x", "a-example-x"),
        ("./feeds/Garden Notes.xml", "garden-notes"),
        ("https://" + "x" * 60 + ".example/" + "y" * 60, "x" * 60 + "-exa"),
    ],
)
def test_an_id_is_made_of_host_and_path(url: str, made: str) -> None:
    assert feed(f"'{url}'").id == made


def test_ids_are_unique_and_a_feed_added_later_renames_nobody() -> None:
    before = loaded("feeds: [https://a.example/feed, https://a.example/atom]\n")
    after = loaded("feeds: [https://a.example/feed, https://a.example/atom, https://a.example/rss]\n")

    ids = [spec.id for spec in after.feeds]
    assert ids[:2] == [spec.id for spec in before.feeds]
    assert ids[0] == "a-example"
    assert len(set(ids)) == 3


def test_a_given_id_is_never_taken_by_a_derived_one() -> None:
    first, second = loaded("feeds: [https://a.example/, {url: https://b.example/, id: a-example}]\n").feeds

    assert first.id.startswith("a-example-")
    assert second.id == "a-example"


def test_two_feeds_cannot_have_one_id() -> None:
    text = "feeds:\n  - {url: https://a.example/, id: x}\n  - url: https://b.example/\n    id: x\n"

    assert problem(text) == "4: id: 'x' is the id of the feed in line 2 already"


def test_a_feed_that_is_listed_twice_is_read_once() -> None:
    config = loaded(
        "feeds:\n  - https://a.example/feed\n  - https://b.example/\n  - http://a.example/feed/\n  - ./x.xml\n  - file:///srv/planet/x.xml\n"
    )

    assert [spec.line for spec in config.feeds] == [2, 3, 5]
    assert (
        "/srv/planet/feeds.yaml:4: http://a.example/feed/ is the feed of line 2 again: it is read once, as that line says"
        in config.warnings
    )


def test_the_same_address_with_other_credentials_is_another_feed() -> None:
    config = loaded("feeds:\n  - {url: https://a.example/, headers: {X: a}}\n  - {url: https://a.example/, headers: {X: b}}\n")

    assert len({spec.id for spec in config.feeds}) == 2


# ── secrets ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_comes_from_the_environment_and_is_never_shown() -> None:
    spec = feed("{url: 'https://me:${PW}@a.example/${KEY}/feed', headers: {Authorization: 'Bearer ${KEY}'}}", PW="geheim", KEY="k3y")

    assert spec.url == "https://me:geheim@a.example/k3y/feed"
    assert spec.headers == (("Authorization", "Bearer k3y"),)
    assert spec.shown_url == "https://a.example/${KEY}/feed"
    assert spec.is_private
    assert not any(secret in repr(spec) + spec.id for secret in ("geheim", "k3y"))


@pytest.mark.parametrize(
    ("entry", "private"),
    [
        ("https://a.example/", False),
        ("https://me@a.example/", True),
        ("https://a.example/ann.atom?page=1&feed_token=s3cr3t-X9", True),
        ("https://a.example/secret:0123456789abcdef0123/u:ann/", True),
        ("https://kill-the-newsletter.com/feeds/q7x2m9k4s8r1t5v3w6y0.xml", True),
        ("https://api.substack.com/feed/podcast/12/private/6ba7b810-9dad-11d1-80b4-00c04fd430c8.rss", True),
        ("https://api.substack.com/feed/podcast/12.rss", False),
        ("https://kill-the-newsletter.com/feeds/about.xml", False),
        ("{url: 'https://a.example/feed?token=s3cr3t-X9', public: true}", False),
        ("https://a.example/feed?key=news&tokens=s3cr3t-X9&channel_id=UC0123456789abcdefghij", False),
        ("https://a.example/feed?key=artificial-intelligence-news", False),
        ("https://a.example/feed?key=covid-19-news", False),
        ("https://a.example/feed?api_key=covid-19-news", True),
        ("https://a.example/feed?key=0AqxTest123-x", True),
        ("https://a.example/private-telecommunications/feed", False),
        ("https://a.example/private-1a2b3c4d5e6f7a8b/basic.ics", True),
        ("https://a.example/feed?token=abcdefGHIJKLmnopQRST", True),
        ("https://a.example/${KEY}", True),
        ("{url: https://a.example/, headers: {Accept-Language: de}}", True),
        ("{url: https://a.example/, headers: {Accept-Language: de}, public: true}", False),
        ("{url: https://a.example/, headers: {Accept-Language: de}, public: false}", True),
        ("{url: https://a.example/, public: false}", True),
        ("{url: https://a.example/, public: true}", False),
        ("./x.xml", False),
    ],
)
def test_a_feed_with_secrets_is_private_unless_it_says_otherwise(entry: str, private: bool) -> None:
    assert feed(entry, KEY="x").is_private is private


def test_a_password_in_the_file_is_warned_of_and_not_repeated() -> None:
    config = loaded("feeds:\n  - https://me:geheim@a.example/feed\n")

    assert config.warnings[-1].startswith("/srv/planet/feeds.yaml:2: a user name, password or key stands in the address")
    assert "geheim" not in repr(config)


def test_a_key_in_the_file_is_warned_of_unless_the_feed_is_said_to_be_public() -> None:
    keyed = "https://a.example/feed?token=s3cr3t-X9"
    assert "2: a user name, password or key" in loaded(f"feeds:\n  - {keyed}\n").warnings[-1]
    assert not any("key stands" in said for said in loaded(f"feeds:\n  - {{url: '{keyed}', public: true}}\n").warnings)
    assert not any("key stands" in said for said in loaded("feeds:\n  - https://a.example/feed?token=${KEY}\n", KEY="s3cr3t-X9").warnings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feeds: ['https://a.example/${NOPE}']", "1: url: the environment variable NOPE is not set"),
        ("feeds: ['https://a.example/${EMPTY}']", "1: url: the environment variable EMPTY is empty"),
        ("feeds: ['https://a.example/${A B}']", "1: url: '${A B}' is not a variable: a name has letters, digits and '_'"),
        ("feeds: ['https://a.example/${KEY']", "1: url: '${KEY' is not closed: write ${NAME}"),
        ("title: ${KEY}\n" + ONE, "1: title: ${NAME} is replaced in a feed's url and headers only, not here"),
        ("feeds: [{url: https://a.example/, name: 'x ${KEY}'}]", "1: name: ${NAME} is replaced in a feed's url and headers only, not here"),
        ("feeds: ['https://a.example/${LINE}']", "1: url: 'https://a.example/${LINE}' has a space or a control character in it"),
    ],
)
def test_a_variable_that_cannot_be_filled_in_is_a_mistake(text: str, said: str) -> None:
    assert problem(text, KEY="geheim", EMPTY=" ", LINE="geheim\nX: y") == said


def test_a_header_can_carry_no_second_one() -> None:
    found = problems("feeds: [{url: https://a.example/, headers: {X: '${KEY}', 'A B': c, Host: d, Y: a, y: b}}]", KEY="geheim\r\nEvil: 1")

    assert [said.split("'")[1] for said in found] == ["X", "A B", "Host", "y"]
    assert not any("geheim" in said for said in found)


# ── addresses ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_local_file_counts_from_the_folder_of_the_configuration() -> None:
    first, second, third = loaded("feeds: [./a b.xml, ../c.xml, 'file:///d/%65.xml']\n").feeds

    assert (first.path, first.url, first.shown_url) == (Path("/srv/planet/a b.xml"), "file:///srv/planet/a%20b.xml", "./a b.xml")
    assert (second.path, third.path) == (Path("/srv/c.xml"), Path("/d/e.xml"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("www.a.example/feed", "has no scheme: write https://www.a.example/feed"),
        ("a.example/feed.xml", "has no scheme: write https://a.example/feed.xml"),
        ("feeds/a.xml", "write ./feeds/a.xml for a local file"),
        ("ftp://a.example/", "begins with ftp: — only http, https and local files are read"),
        ("feed://a.example/", "write https:// instead"),
        ("~/a.xml", "is a path from the home folder"),
        ("file://host/a.xml", "names a file on another machine (host)"),
        ("file:a.xml", "is not absolute: write ./a.xml instead"),
        ("https://", "is not an address that can be asked"),
        ("https://a.example:99999/", "is not an address that can be asked"),
        ("https://a.example/a b", "has a space"),
    ],
)
def test_an_address_that_cannot_be_asked_says_what_to_write(url: str, said: str) -> None:
    assert said in problem(f"feeds:\n  - '{url}'\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feeds:\n  - {url: https://a.example/, every: 4m}\n", "2: every: at least 5m"),
        ("defaults: {every: 1m}\nfeeds: [https://a.example/, https://b.example/]\n", "1: every: at least 5m"),
        ("feeds:\n  - {url: ./a.xml, every: 0s}\n", "2: every: at least 1s"),
        ("feeds:\n  - {url: ./a.xml, every: 31d}\n", "2: every: at most 30d"),
        ("defaults: {every: 1y}\nfeeds: [https://a.example/]\n", "1: every: at most 30d"),
    ],
)
def test_nobody_is_asked_too_often(text: str, said: str) -> None:
    assert said in problem(text)


def test_a_private_or_local_feed_may_be_asked_every_second() -> None:
    config = loaded(
        "defaults: {every: 1s}\nfeeds: [./a.xml, {url: 'http://localhost/', allow_private: true}, {url: https://a.example/, every: 1h}]\n"
    )

    assert [spec.every.total_seconds() for spec in config.feeds] == [1, 1, 3600]


# ── mistakes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_mistake_is_reported_at_once_with_its_line() -> None:
    text = (
        "titel: Planet\n"
        "defaults: {every: 60, republish: ful}\n"
        "feeds:\n"
        "  - www.example.org\n"
        "  - url: https://a.example/\n"
        "    strp: [auto]\n"
        "    republisher: yes\n"
        "    title: A\n"
        "    tags: [b]\n"
        "    tags: [c]\n"
        "  - url: https://b.example/\n"
        "    keep: {titel: x, title: '('}\n"
        "    limit: {per_day: 0}\n"
        "outputs:\n"
        "  - ../a.xml\n"
        "  - {path: a.txt, max_entries: many}\n"
    )

    assert problems(text) == [
        "1: unknown key 'titel' (did you mean 'title'?)",
        "2: every: '60' has no unit: write 60m for minutes (or s, h, d, w, y)",
        "2: republish: 'ful' is none of full, excerpt, link (did you mean 'full'?)",
        "4: url: 'www.example.org' has no scheme: write https://www.example.org (or ./www.example.org for a local file)",
        "6: unknown key 'strp' (did you mean 'strip'?)",
        "7: republisher: 'yes' is a text in YAML 1.2: write true",
        "8: unknown key 'title' (did you mean 'name'?)",
        "10: the key 'tags' stands a second time (first in line 9): keep one",
        "12: title: the pattern '(' cannot be read: missing ) at position 1",
        "12: unknown key 'titel' (did you mean 'title'?)",
        "13: per_day: must be at least 1",
        "15: path: '../a.xml' must be a plain path below root: no '..', no empty part, no part that begins with a dot",
        "16: max_entries: 'many' is not a whole number",
        "16: path: the name 'a.txt' tells no format: add 'format:' (atom, rss, json, html, opml)",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0: the file is empty"),
        ("# nothing\n", "0: the file is empty"),
        ("- https://a.example/\n", "1: the file is a list: write 'feeds:' above it"),
        ("https://a.example/\n", "1: the file has no keys"),
        ("title: x\n", "0: no feeds: write 'feeds:'"),
        ("title: x\nfeeds:\n", "2: no feeds: write 'feeds:'"),
        ("feeds: []\n", "1: no feeds"),
        ("feeds: https://a.example/\n", "1: feeds: a list is wanted"),
        ("feeds: {a: https://a.example/}\n", "1: feeds: a list is wanted"),
        ("feeds: [{name: x}]\n", "1: feeds: 'url' is missing"),
        ("feeds: [[a]]\n", "1: feeds: keys are wanted here"),
        (ONE + "outputs: []\n", "2: outputs: a list is wanted"),
        (ONE + "outputs: [/a.xml]\n", "2: path: '/a.xml' counts from root: write a.xml"),
        (ONE + "outputs: [a/.b.xml]\n", "2: path: 'a/.b.xml' must be a plain path"),
        (ONE + "outputs: ['a b.xml']\n", "2: path: 'a b.xml' may hold letters"),
        (ONE + "outputs: [a.xml, A.xml]\n", "2: path: 'A.xml' is the path of another output already"),
        (ONE + "outputs: [a.xml, a.xml/b.json]\n", "2: path: 'a.xml/b.json' and 'a.xml': one is the other's folder"),
        (ONE + "outputs: [index.html, archive.html]\n", "2: path: 'archive.html' is where pages beside 'index.html' stand"),
        (ONE + "outputs: [{path: Story, format: atom}, a.html]\n", "2: path: 'Story' is where pages beside 'a.html' stand"),
        (ONE + "outputs: [a/tag/x.html, a/index.html]\n", "2: path: 'a/tag/x.html' is where pages beside 'a/index.html' stand"),
        (ONE + "outputs: [status/feed.xml]\n", "2: path: 'status/feed.xml' is where the web server has a page of its own"),
        (ONE + "outputs: [{path: a.xml, feeds: [a-exampel]}]\n", "2: feeds: no feed has the id 'a-exampel' (did you mean 'a-example'?)"),
        (ONE + "outputs: [{path: a.xml, max_bytes: 1}]\n", "2: max_bytes: at least 10 KiB"),
        (ONE + "outputs: [{path: a.xml, max_entries: 2000000}]\n", "2: max_entries: must be at most 1000000"),
        (ONE + "defaults: {attribution: {text: 'at {orign}'}}\n", "2: text: unknown slot {orign} (did you mean 'origin'?)"),
        (ONE + "defaults: {attribution: {from: nobody}}\n", "2: from: needs the slot {via}"),
        (ONE + "defaults: {attribution: {text: 'a { b'}}\n", "2: text: a brace that is not closed"),
        (ONE + "defaults: {strip: 'css:'}\n", "2: strip: 'css:' needs a selector behind it"),
        (ONE + "defaults: {strip: 'css:.a >'}\n", "2: strip: the selector '.a >' cannot be read: Expected selector"),
        (
            ONE + "defaults: {strip: [auto, 'css:p:frob']}\n",
            "2: strip: the selector 'p:frob' cannot be read: The pseudo-class :frob is unknown",
        ),
        (ONE + "defaults: {strip: 'css:svg|a'}\n", "2: strip: the selector 'svg|a' cannot be read: Undefined namespace prefix"),
        (ONE + "root: .\n", "2: root: '.' holds this file"),
        (ONE + f"root: {__file__}\n", f"2: root: '{__file__}' is a file: name a folder"),
        (ONE + "store: public/a.db\n", "2: store: 'public/a.db' stands in the folder that is published"),
        (ONE + "store: postgresql://db/x\n", "2: store: PostgreSQL is not served by this version"),
        (ONE + "link: planet.example.org\n", "2: link: an address that begins with https://"),
        (ONE + "link: https://a.example/?x\n", "2: link: 'https://a.example/?x' has a query"),
        (ONE + "root: ~/public_html\n", "2: root: '~/public_html' is a path from the home folder: write it out, beginning with /"),
        (ONE + "store: ~ann/a.db\n", "2: store: '~ann/a.db' is a path from the home folder"),
        (ONE + "theme: ~/theme\n", "2: theme: '~/theme' is a path from the home folder"),
        (ONE + "include: [~/friends.yaml]\n", "2: include: '~/friends.yaml' is a path from the home folder"),
        (ONE + "every: 2h\n", "2: unknown key 'every' here: it belongs below 'defaults', or in a feed"),
        (ONE + "token: secret\n", "2: unknown key 'token' here: it belongs below 'http'"),
        (ONE + "output: [a.xml]\n", "2: unknown key 'output' (did you mean 'outputs'?)"),
        (ONE + "defaults: {tags: [a]}\n", "2: unknown key 'tags' here: it belongs in a feed"),
        (ONE + "outputs: [{path: a.xml, name: A}]\n", "2: unknown key 'name' (did you mean 'title'?)"),
        (
            ONE + "contact: https://münchen.example/ü\n",
            "2: contact: the address of a page (https://…) or of a mailbox is wanted in ASCII: https://xn--",
        ),
        (ONE + "contact: me\n", "2: contact: the address of a page"),
        (ONE + 'contact: "https://a.example/\\r\\nX: y"\n', "2: contact: the address of a page"),
        (ONE + "proxy: socks5://a.example\n", "2: proxy: an address"),
        (ONE + "http: {listen: 0.0.0.0:80}\n", "2: listen: '0.0.0.0:80' can be reached from other machines"),
        (ONE + "http: {listen: ':80'}\n", "2: listen: ':80' can be reached from other machines"),
        (ONE + "http: {listen: planet.example:80}\n", "2: listen: 'planet.example:80' can be reached from other machines"),
        (ONE + "http: {listen: localhost}\n", "2: listen: 'localhost' is not an address and a port"),
        (ONE + "language: english\n", "2: language: 'english' is not a language tag"),
        (ONE + "noindex: no\n", "2: noindex: 'no' is a text in YAML 1.2: write false"),
        (ONE + "noindex: 'true'\n", "2: noindex: 'true' in quotes is a text: write true without quotes"),
        (ONE + "websub: https://hub.example/\n", "2: websub: keys are wanted here (hub, subscribe)"),
        (ONE + "retain: {text: 2 years}\n", "2: text: '2 years' is not a span of time"),
        (ONE + "retain: {text: 999999999y}\n", "2: text: '999999999y' is too long: 1000y is the most"),
    ],
)
def test_a_mistake_is_said_in_plain_words(text: str, said: str) -> None:
    assert problem(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\n" + ONE, "1: an anchor (&x) is not read here"),
        ("title: *x\n" + ONE, "1: an alias (*x) is not read here"),
        ("title: !!str x\n" + ONE, "1: a tag"),
        ("%YAML 1.1\n---\n" + ONE, "1: a directive"),
        ("# mine\n%TAG ! tag:a.example,2026:\n---\n" + ONE, "2: a directive"),
        (ONE + "---\n" + ONE, "2: a second document begins here"),
        (ONE + "feeds: [b]\nfeeds: [c]\n", "2: the key 'feeds' stands a second time (first in line 1)"),
        ("feeds: " + "[" * 30 + "]" * 30, "1: nested more than 20 deep"),
        ("title: a: b\n" + ONE, "1: a ': ' where no key can stand"),
        ("feeds:\n\t- a\n", "2: a tab stands where only spaces may"),
        ("feeds: [a\n", "2: a bracket that is opened in line 1 is never closed"),
        ('feeds:\n  - "a\n', "3: a quote that is opened in line 2 is never closed"),
        ("feeds:\n  - a\n - b\n", "3: this line does not fit the indentation of the block that begins in line 1"),
        ("title: @x\n" + ONE, "1: a value cannot begin with this character"),
        ('title: "\\d"\n' + ONE, "1: a backslash inside double quotes begins an escape"),
        ('title: "\\UFFFFFFFF"\n' + ONE, ": not valid YAML"),
        ("title: a\x07b\n" + ONE, "1: the character U+0007 cannot stand here"),
        ("title: a\n# \x00\n" + ONE, "2: the character U+0000 cannot stand here"),
        ("{[a]: b, feeds: [https://a.example/]}\n", "1: a list or a mapping cannot be a key"),
    ],
)
def test_yaml_that_nobody_needs_is_refused_with_its_line(text: str, said: str) -> None:
    assert any(said in found for found in problems(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feeds:\n  - https://a.example/\n  -https://b.example/\n  - https://c.example/\n", "3: a space is missing behind the dash"),
        ("feeds:\n  -https://a.example/\n  -https://b.example/\n", "2: feeds: a space is missing behind the dash"),
        ("feeds:\n  -url: https://a.example/\n", "2: feeds: a space is missing behind the dash"),
        ("feeds:\n  - url: https://a.example/\n    every:2h\n    name: A\n", "3: a space is missing behind 'every:'"),
        ("title:Mine\n" + ONE, "1: a space is missing behind 'title:'"),
        ("title = Mine\n" + ONE, "1: 'title:' is wanted where 'title =' is written"),
        ("feeds:\n\u00a0 - https://a.example/\n", "2: a space in it is no plain one (U+00A0)"),
        ("feeds:\n  -\u00a0https://a.example/\n", "2: feeds: a space in it is no plain one (U+00A0)"),
        ("feeds:\n  - url:https://a.example/\n", "2: url: 'url:https://a.example/' begins with url:"),
        ("feeds:\n  - “https://a.example/”\n", "2: url: '“https://a.example/”' stands in quotes that YAML takes for letters"),
        ("feeds:\n  - https://a.example/\n   - https://b.example/\n", "(is the '- ' in the line below indented deeper?)"),
    ],
)
def test_a_slip_that_yaml_takes_for_text_is_named_in_its_own_line(text: str, said: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert said in found[0]


def test_an_address_with_a_scheme_that_is_not_read_is_no_slip() -> None:
    assert problem("feeds: ['feed:https://a.example/']") == "1: url: 'feed:https://a.example/' begins with feed: — write https:// instead"


def test_a_value_without_end_is_told_by_its_beginning() -> None:
    found = problem("feeds: ['" + "x" * 100_000 + "']")
    assert found.startswith("1: url: 'xxx")
    assert found.endswith("for a local file)")
    assert len(found) < 1_000


def test_an_alias_in_a_list_is_told_once() -> None:
    assert len(problems("feeds: [https://a.example/, *x]")) == 1


def test_a_file_that_a_crash_filled_with_zeros_is_told_in_one_line() -> None:
    assert len(problems(ONE + "\0" * 2_000)) == 1


def test_a_file_of_more_values_than_anybody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if not IS_LONG:  # so many take two seconds
        monkeypatch.setattr(config_yaml, "MAX_NODES", 1_000)
    text = "feeds: [" + "https://a.example/," * (config_yaml.MAX_NODES + 1) + "]"
    assert f"1: the file has more than {config_yaml.MAX_NODES:,} values" in problem(text)


def test_a_file_of_another_encoding_or_size_is_refused(tmp_path: Path) -> None:
    for data, said in (
        (b"title: x\ntitle2: \xe9\n", "feeds.yaml:2: byte 0xe9 is not UTF-8"),
        ("feeds: [a]".encode("utf-16"), "feeds.yaml:1: the file is saved as UTF-16"),
        (b"#" * (1024 * 1024 + 1), "larger than 1024 KiB"),
    ):
        (tmp_path / "feeds.yaml").write_bytes(data)
        with pytest.raises(ConfigError, match=said):
            load(tmp_path / "feeds.yaml", {})


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_bytes(b"\xef\xbb\xbftitle: T\r\nfeeds:\r\n  - https://a.example/\r\n")

    config = load(tmp_path / "feeds.yaml", {})
    assert (config.title, config.feeds[0].line) == ("T", 3)


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "feeds.yaml", {})
    with pytest.raises(ConfigError, match="is a folder"):
        load(tmp_path, {})


# ── warnings ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_odd_but_works_is_a_warning() -> None:
    config = loaded(
        "feeds:\n  - {url: https://a.example/, tags: [news]}\noutputs:\n  - path: a.xml\n    tags: [new]\nwebsub: {subscribe: true, hub: https://hub.example/}\n"
        "http: {listen: '0.0.0.0:80', token: short}\n"
    )

    assert [warning.removeprefix(str(HERE)) for warning in config.warnings] == [
        ": no 'contact': no feed is polled more often than every 2 hours; name a page or a mailbox for those whose servers are asked",
        ": no 'link': the outputs do not name their own address (rel=self)",
        ":5: tags: no feed has the tag 'new' (did you mean 'news'?)",
        ":6: hub: it cannot be told of outputs whose address is not known: set 'link'",
        ":6: subscribe: hubs cannot push to an address that is not known: set 'link'",
        ":7: token: shorter than 16 characters can be guessed",
    ]


def test_a_complete_file_warns_of_nothing() -> None:
    config = loaded(ONE + "link: https://planet.example.org/x\ncontact: me@planet.example.org\n")

    assert config.warnings == ()
    assert config.link == "https://planet.example.org/x/"


@pytest.mark.parametrize("host", ["LocalHost", "planet.localhost", "127.8.0.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machines_own_names_need_no_token(host: str) -> None:
    assert loaded(f'{ONE}http: {{listen: "{host}:80"}}\n').token is None
