"""What a store asks about entries: pure functions that are handed to it, since it knows nothing of how entries are refined."""

from collections.abc import Callable, Mapping, Sequence

from aggregator.model import StoredEntry

SameStory = Callable[[StoredEntry, StoredEntry, str], bool]
"""Do two entries that share a key of this kind (`model.StoryKey`) tell one story? Symmetric, pure (`refine.stories.same_story`).

Of kind `third`, or `alike` where words alone connect them: may two that share no key be one story because a third entry is a copy of each?
"""

Successors = Callable[[Sequence[StoredEntry], Sequence[tuple[int, StoredEntry]], Sequence[StoredEntry]], Mapping[int, int]]
"""Which of a feed's fresh entries (by pk) took the place of which others (by pk), given as pairs of a story and an entry of it, that its
document holds no longer (`refine.succession.successors`). The last are the new entries of the document that are known again already. Pure;
no fresh entry, no other and no story comes up twice.
"""


def no_successors(
    fresh: Sequence[StoredEntry], gone: Sequence[tuple[int, StoredEntry]], known_again: Sequence[StoredEntry]
) -> Mapping[int, int]:
    """Nobody takes anybody's place."""
    return {}
