"""How the stories of `FakeStore` are joined and parted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations, permutations

from aggregator.judges import SameStory, Successors, no_successors
from aggregator.store import turnover
from aggregator.store.joining import Joined, Pairs, Turnover, closest_first, in_turn, join, join_anew, near
from aggregator.store.parting import Kin, Parting, Row, Told, leaving, part, places
from aggregator.web.url import link_key
from tests.fake_rows import FakeRows, StandingRow, StoryRow, one_at_a_time


class FakeStories(FakeRows):
    """The part of a store that makes one story of several, and several of one."""

    def _join(
        self, fresh: Sequence[int], same_story: SameStory, turned: Sequence[Turnover] = (), successors: Successors = no_successors
    ) -> None:
        if not fresh:
            return
        generation = self._take("generation")
        carriers: dict[tuple[str, str], list[int]] = {}
        for pk, row in sorted(self._entries.items()):
            for key in dict.fromkeys(row.stored.entry.keys if row.stored.hold is None else ()):
                carriers.setdefault((key.kind, key.value), []).append(pk)
        texts = {value: carriers.pop((kind, value)) for kind, value in list(carriers) if kind == "text"}
        given = {story for (_, story), one in self._standings.items() if one.publication.first_listed}
        judged = {story for _, story in self._standings}
        known = {pk: row.stored for pk, row in self._entries.items()}

        def joined(loose: Mapping[int, int], pairs: Pairs = closest_first) -> Joined:
            news = list(dict.fromkeys([*fresh, *loose]))
            story_of = {pk: row.story for pk, row in self._entries.items() if row.story and pk not in loose}
            told, carried = known.__getitem__, carriers | near(texts, news)
            return join(news, story_of, carried, told, same_story, self._members, self._ruled, turned, successors, given, pairs)

        def unjudged(stories: frozenset[int]) -> dict[int, int]:
            return {pk: row.story for pk, row in self._entries.items() if row.story in stories - judged}

        found, loose = join_anew(joined({}, in_turn), joined, unjudged)
        alone = {pk for group in found.groups for pk in group.entries if not group.stories and not group.entries & loose.keys()}
        for pk, at in turnover.bursts(turned, known, alone).items():
            self._entries[pk].burst = at
        for group in found.groups:
            pk = self._survivor(group.stories)
            self._stories[pk] = StoryRow(generation)
            for entry_pk in group.entries:
                self._entries[entry_pk].story = pk
            for gone in sorted(group.stories - {pk}):
                self._merge(gone, pk)
        for entry_pk, gone in sorted(loose.items(), reverse=True):
            self._stories[gone].joined = self._entries[entry_pk].story
        self._met -= set(permutations({self._entries[pk].stored.feed_key for pk in loose}, 2))
        self._meet()

    def _meet(self) -> None:
        feeds: dict[int, set[str]] = {}
        for row in self._entries.values():
            feeds.setdefault(row.story, set()).add(row.stored.feed_key)
        self._met |= {pair for found in feeds.values() for pair in permutations(found, 2)}

    @one_at_a_time
    def partners(self) -> dict[str, int]:
        return dict(Counter(one for one, _ in self._met))

    @one_at_a_time
    def unite(self, story_pks: Sequence[int], now: datetime) -> None:
        found = frozenset(pk for pk in story_pks if pk in self._stories and self._stories[pk].joined is None)
        if len(found) < 2:
            return
        members = sorted(pk for pk, row in self._entries.items() if row.story in found)
        self._ruled |= dict.fromkeys(combinations(members, 2), True)
        survivor = self._survivor(found)
        self._stories[survivor] = StoryRow(self._take("generation"))
        for gone in sorted(found - {survivor}):
            self._merge(gone, survivor)
        self._meet()

    @one_at_a_time
    def split(self, entry_pk: int, now: datetime) -> int | None:
        of = self._entries[entry_pk].story
        others = [pk for pk, row in self._entries.items() if row.story == of and pk != entry_pk]
        if not others:
            return None
        names = {pk: self._entries[pk].stored.entry.published_id for pk in sorted([entry_pk, *others])}
        joined: dict[int, list[str]] = {of: []}
        leads = set()
        for (_, story), one in sorted(self._standings.items(), key=lambda item: _as_given(item[1])):
            if one.publication.sequence and (story == of or self._stories[story].joined == of):
                joined.setdefault(story, []).append(one.publication.published_id)
                leads.add(one.publication.lead_pk)
        given = {name for found in joined.values() for name in found}
        gone = leaving(entry_pk, [self._kin(pk) for pk in sorted([entry_pk, *others])], given, leads)
        self._ruled |= {(min(one, pk), max(one, pk)): False for one in gone for pk in {entry_pk, *others} - gone}
        generation = self._take("generation")
        self._stories[of].generation = generation
        told = Told(of=of, names=names, own=joined.pop(of), joined=joined)
        parting = part(gone, told)
        into = self._take("story") if parting.into is None else parting.into
        self._stories[into] = StoryRow(generation)
        for follower in parting.follow:
            self._stories[follower].joined = into
        for pk in parting.moved:
            self._entries[pk].story = into
        self._give_back(told, parting, into)
        return into if entry_pk in parting.moved else of

    def _kin(self, pk: int) -> Kin:
        one = self._entries[pk].stored
        keys = {(key.kind, key.value) for key in one.entry.keys}
        return Kin(pk=pk, feed=hash(one.feed_key), name=one.entry.published_id, link=link_key(one.entry.link or ""), keys=keys)

    def _give_back(self, told: Told, parting: Parting, into: int) -> None:
        for path in self._outputs:
            found = [self._standings.pop((path, pk)) for pk in {told.of, into, *told.joined} if (path, pk) in self._standings]
            given = [one for one in found if one.publication.sequence]
            rows = [Row(one.publication.published_id, one.publication.story_pk, _as_given(one)) for one in given]
            for one, to in zip(given, places(rows, told, parting, into), strict=True):
                one.publication = replace(one.publication, story_pk=to, listed=one.publication.listed and to in (told.of, into))
                self._standings[path, to] = one
            for one in [one for one in found if not one.publication.sequence][:1]:
                for pk in {told.of, into} - {pk for at, pk in self._standings if at == path}:
                    self._standings[path, pk] = replace(one, publication=replace(one.publication, story_pk=pk))

    def _survivor(self, stories: frozenset[int]) -> int:
        def rank(pk: int) -> tuple[object, ...]:
            listed = [one.publication.first_listed for (_, story), one in self._standings.items() if story == pk]
            first = min((at for at in listed if at), default=None)
            eldest = min((one.sort_key, one.entry.published_id, one.entry.raw_key) for one in self._members(pk))
            return first is None, first or eldest[0], eldest

        return min(sorted(stories), key=rank) if stories else self._take("story")

    def _merge(self, gone: int, into: int) -> None:
        for row in self._entries.values():
            row.story = into if row.story == gone else row.story
        for story in self._stories.values():
            story.joined = into if story.joined == gone else story.joined
        self._stories[gone].joined = into
        for path in self._outputs:
            rows = [self._standings.pop((path, pk)) for pk in (into, gone) if (path, pk) in self._standings]
            rows.sort(key=_precedence)
            for place, standing in zip((into, gone), rows, strict=False):
                if standing is not rows[0]:
                    if standing.publication.sequence is None:
                        continue
                    rule = f"joined with {rows[0].publication.published_id}"
                    standing.publication = replace(standing.publication, listed=False, rule=rule)
                standing.publication = replace(standing.publication, story_pk=place)
                self._standings[path, place] = standing


def _as_given(one: StandingRow) -> tuple[object, ...]:
    publication = one.publication
    return publication.first_listed or publication.sort_key, publication.sort_key, publication.published_id


def _precedence(row: StandingRow) -> tuple[object, ...]:
    one = row.publication
    return not one.listed, one.sequence is None, one.first_listed or one.sort_key, one.sort_key, one.published_id
