"""Compose the edition of an output: of what is kept in its file only what changed since is read from the store and composed again."""

import sys
from collections.abc import Sequence
from dataclasses import replace

from aggregator import judging
from aggregator.model import Archive, Config, Edition, Kept, OutputSpec, Placed, Publication
from aggregator.ports import Store
from aggregator.publish.edition import compose
from aggregator.publish.keeping import FORMS, keeping
from aggregator.publish.shelf import shelved
from aggregator.publish.sources import Directory
from aggregator.refine.publishers import Feeds


def edition(
    output: OutputSpec,
    chosen: Sequence[Placed],
    kept: Kept | None,
    config: Config,
    store: Store,
    feeds: Feeds,
    directory: Directory,
    withdrawn: Sequence[Publication] = (),
    archive: Archive | None = None,
) -> Edition:
    """Compose the edition of the stories that an output lists, given by where they stand; `directory` is that of `feeds`.

    The bytes that it gives are those of an edition that is composed as a whole.
    """
    keeper, known = None, {}
    if output.format in FORMS:
        keeper = keeping(output, config, directory, feeds.specs, judging.mark(output, config, feeds), chosen)
        known = {pk: found for pk, found in shelved(kept).items() if keeper.still_holds(found)}
    listing = judging.stories(store.given(output.path, [one.story_pk for one in chosen if one.story_pk not in known]), output, store, feeds)
    while True:
        made = compose(
            output,
            config,
            listing,
            feeds.states,
            feeds.specs,
            withdrawn,
            judging.owed(listing, feeds),
            archive,
            shelf=[(place, known[place.story_pk]) for place in chosen if place.story_pk in known],
            keeping=keeper,
            directory=directory,
        )
        if not made.lacking:
            return made
        # Some are kept whole and must be cut by now, or the other way round.
        listing += judging.stories(store.given(output.path, sorted(made.lacking)), output, store, feeds)
        known = {pk: found for pk, found in known.items() if pk not in made.lacking}


def whole(output: OutputSpec, story_pks: Sequence[int], config: Config, store: Store, feeds: Feeds, directory: Directory) -> Edition:
    """Compose an edition of these stories, as far as the output lists them, with all of their texts."""
    listing = judging.stories(store.given(output.path, story_pks), output, store, feeds)
    spec = replace(output, max_bytes=sys.maxsize)
    return compose(spec, config, listing, feeds.states, feeds.specs, owed=judging.owed(listing, feeds), directory=directory)
