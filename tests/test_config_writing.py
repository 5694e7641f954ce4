"""What `config` prints is feeds.yaml again: it loads, and means the same."""

from dataclasses import fields, replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load_text
from aggregator.config_model import FeedForm, FileForm, ListForm, OutputForm, keys_of
from aggregator.config_writing import HIDDEN, lines
from aggregator.config_writing import settings as settings_of
from aggregator.model import Config
from tests.pace import examples

PATH = Path("/srv/planet/feeds.yaml")
ENVIRON = {"KEY": "hush-4711-hush-4711"}
FULL = """
title: "Planet: Example #1"
link: https://planet.example.org/
root: out
contact: mailto:me@planet.example.org
language: de
newcomer_entries: 0
retain: { text: 1y, versions: 2 }
store: data/store.db
http: { listen: "0.0.0.0:8080", token: hush-4711-hush-4711 }
websub: { hub: "https://hub.example.org/" }
proxy: http://me:hush-4711@proxy.example:3128
client: curl
noindex: false
compress: false
defaults: { attribution: { place: bottom }, limit: { per_day: 7 } }
feeds:
  - https://plain.example/feed
  - ./local.xml
  - url: https://me:hush-4711@full.example/${KEY}
    id: full
    name: 'Yes, "we" can: \u00fc'
    tags: [true-crime, "007", "null"]
    every: 90m
    republish: link
    attribution: { text: "First at {origin}.", via: "{origin} {via}", from: "From {via}" }
    allow_private: true
    republisher: true
    origin: The Orig
    language: en
    aliases: [other.example]
    keep: { category: [python, c#], title: "(?i)a: b" }
    drop: { text: ["- x", "[ad]"] }
    strip: [auto, "css:.x"]
    limit: { per_day: 3 }
    headers: { X-Key: "${KEY}", Accept: "text/xml" }
    public: true
    opt_out: true
    credit: 'By leave of <a href="{link}">Full</a>.'
    keep_counters: true
lists:
  - https://lists.example/${KEY}
  - { url: http://10.0.0.1/l, id: near, tags: [near], every: 5h, allow_private: true, public: false,
      defaults: { strip: [auto], allow_private: true } }
outputs:
  - atom.xml
  - { path: news/x.bin, format: rss, title: News, tags: [true-crime], feeds: [full], max_entries: 5, max_bytes: 512 KiB }
  - { path: w.html, theme: river, image: https://planet.example.org/cover.png }
  - { path: z.rss, max_age: 90d, per_feed: 2, archive: 50 }
  - { path: y.json, language: fr, keep: { language: [en] }, drop: { link: /x/ }, attribution: { place: none } }
"""


def written(config: Config) -> str:
    return "\n".join(lines(settings_of(config))) + "\n"


def compared(config: Config) -> Config:
    """Without what is masked, where things stood, and which of them were written down."""
    feeds = tuple(
        replace(
            spec,
            line=0,
            file=None,
            id_given=True,
            every_given=True,
            url=spec.shown_url,
            headers=tuple((name, "") for name, _ in spec.headers),
        )
        for spec in config.feeds
    )
    lists = tuple(
        replace(
            one,
            asked=replace(one.asked, line=0, file=None, every_given=True, url=one.asked.shown_url),
            member=replace(one.member, line=0, file=None),
        )
        for one in config.lists
    )
    return replace(config, feeds=feeds, lists=lists, token=None, proxy=None, warnings=())


def test_the_settings_in_force_load_again_and_mean_the_same() -> None:
    config = load_text(FULL, PATH, ENVIRON)
    text = written(config)
    assert "hush" not in text
    assert text.count(HIDDEN) == 3
    again = load_text(text, PATH, ENVIRON)
    assert compared(again) == compared(config)
    assert again.proxy == "http://proxy.example:3128"
    assert written(again) == text


def test_every_key_of_feeds_yaml_is_shown() -> None:
    told = settings_of(load_text(FULL, PATH, ENVIRON))
    assert set(keys_of(FileForm)) - {"defaults", "include"} == set(told)
    feeds, lists, outputs = told["feeds"], told["lists"], told["outputs"]
    assert isinstance(feeds, list)
    assert isinstance(lists, list)
    assert {key for one in lists for key in one} == set(keys_of(ListForm))  # type: ignore[union-attr]
    assert isinstance(outputs, list)
    assert {key for one in feeds for key in one} == set(keys_of(FeedForm))  # type: ignore[union-attr]
    assert {key for one in outputs for key in one} == set(keys_of(OutputForm))  # type: ignore[union-attr]


# "${" stands for a secret, which only addresses and headers may hold: no feeds.yaml says it elsewhere.
@examples(12)
@given(
    st.text(min_size=1, max_size=30)
    .map(lambda text: "".join(c for c in text if c.isprintable()).strip())
    .filter(lambda text: bool(text) and "${" not in text)
)
def test_any_text_survives(text: str) -> None:
    config = load_text("feeds: [https://a.example/f]\n", PATH, {})
    (feed,) = config.feeds
    said = replace(config, title=text, feeds=(replace(feed, name=text, tags=(text,)),))
    again = load_text(written(said), PATH, {})
    assert (again.title, again.feeds[0].name, again.feeds[0].tags) == (text, text, (text,))
    assert fields(again)
