"""Where customers stand in the index: numbers in blocks, and of each gram the numbers of those that
have it. A block is written once and doesn't change."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["PLACES_IN_BLOCK", "Places", "packed"]

PLACES_IN_BLOCK: Final = 8_192
# 2 bytes each, or a bit for every place of the block: never more than 1,024 bytes.
_BITS: Final = PLACES_IN_BLOCK // 8
_MOST_LISTED: Final = _BITS // 2
_LISTED: Final = np.dtype("<u2")


def packed(places: Collection[int]) -> bytes:
    """Places within a block, in rising order, as the store keeps them."""
    if len(places) < _MOST_LISTED:
        return np.fromiter(places, _LISTED, len(places)).tobytes()
    mask = np.zeros(PLACES_IN_BLOCK, bool)
    mask[np.fromiter(places, np.intp, len(places))] = True
    return np.packbits(mask).tobytes()


class Places:
    """A set of places in some blocks."""

    def __init__(self, blocks: Sequence[int], mask: NDArray[np.bool_]) -> None:
        self._blocks = blocks
        self._mask = mask

    @classmethod
    def of(cls, blocks: Sequence[int], kept: Iterable[tuple[int, bytes]]) -> Self:
        """Those that the store keeps, each with its block, one of `blocks` (in rising order)."""
        rows = {block: row for row, block in enumerate(blocks)}
        mask = np.zeros((len(blocks), PLACES_IN_BLOCK), bool)
        for block, places in kept:
            row = rows.get(block)
            if row is None:
                continue  # written since the blocks were read
            if len(places) == _BITS:
                mask[row] = np.unpackbits(np.frombuffer(places, np.uint8)).view(bool)
            else:
                mask[row, np.frombuffer(places, _LISTED)] = True
        return cls(blocks, mask.reshape(-1))

    def __and__(self, other: Self) -> Self:
        return type(self)(self._blocks, self._mask & other._mask)

    def __or__(self, other: Self) -> Self:
        return type(self)(self._blocks, self._mask | other._mask)

    def without(self, other: Self) -> Self:
        """Those that are not among the others."""
        return type(self)(self._blocks, self._mask & ~other._mask)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._mask))

    def newest_first(self, at_once: int) -> Iterator[list[int]]:
        """All of them, from the last one on, so many at once."""
        found = np.flatnonzero(self._mask)[::-1]
        blocks = np.asarray(self._blocks, np.int64)
        for first in range(0, len(found), at_once):
            block, place = np.divmod(found[first : first + at_once], PLACES_IN_BLOCK)
            some: list[int] = (blocks[block] * PLACES_IN_BLOCK + place).tolist()
            yield some
