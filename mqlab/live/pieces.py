"""Frames as they go over the wire: text, or raw deflate of the same JSON where that is worth it; and the
encoded stretches that several people may ask for, encoded and deflated once."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Generator
from typing import NamedTuple

from mqlab.live import limits

Frame = str | bytes
"""A text frame, or a binary one (raw deflate of JSON)."""

Key = tuple[str, int, int]
"""Future, and the position at which the piece begins."""


class Encoded(NamedTuple):
    """A stretch ready to send, and where the next one begins."""

    to: tuple[int, int]
    frame: Frame


def pack(payload: bytes) -> Generator[None, None, Frame]:
    """JSON as a frame; yields between chunks, since a big scene takes longer than a slice."""
    if len(payload) <= limits.DEFLATE_OVER_BYTES:
        return payload.decode()
    deflate = zlib.compressobj(
        limits.DEFLATE_LEVEL, zlib.DEFLATED, -limits.DEFLATE_WINDOW_BITS, limits.DEFLATE_MEMORY
    )
    if len(payload) <= limits.DEFLATE_CHUNK_BYTES:
        return deflate.compress(payload) + deflate.flush()
    parts = []
    for start in range(0, len(payload), limits.DEFLATE_CHUNK_BYTES):
        parts.append(deflate.compress(payload[start : start + limits.DEFLATE_CHUNK_BYTES]))
        yield
    parts.append(deflate.flush())
    return b"".join(parts)


class Pieces:
    """The stretches last asked for, of all recordings, bounded for each and in sum; the oldest go first."""

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[Key, Encoded]] = {}
        self._bytes_of: dict[str, int] = {}
        self._bytes = 0
        self._turns: OrderedDict[str, None] = OrderedDict()  # recordings, least recently used first

    def get(self, recording: str, future: str, start: tuple[int, int]) -> Encoded | None:
        """The piece that begins exactly there, if it is still here."""
        kept = self._of.get(recording)
        if kept is None:
            return None
        key = (future, *start)
        piece = kept.get(key)
        if piece is not None:
            kept.move_to_end(key)
            self._turns.move_to_end(recording)
        return piece

    def put(
        self, recording: str, future: str, start: tuple[int, int], piece: Encoded, *, shared: bool = True
    ) -> None:
        """Keep it while there is room; there is more where it is `shared` by several who watch."""
        kept = self._of.setdefault(recording, OrderedDict())
        self._turns[recording] = None
        self._turns.move_to_end(recording)
        key = (future, *start)
        if key in kept:
            return
        kept[key] = piece
        self._count(recording, len(piece.frame))
        most = limits.PIECES_BYTES_MAX if shared else limits.PIECES_ALONE_BYTES_MAX
        while self._bytes_of.get(recording, 0) > most:
            self._drop_oldest(recording)
        while self._bytes > limits.PIECES_TOTAL_BYTES_MAX:
            self._drop_oldest(next(iter(self._turns)))

    def forget(self, recording: str) -> None:
        """The recording leaves memory, or some of its futures are void."""
        self._of.pop(recording, None)
        self._turns.pop(recording, None)
        self._bytes -= self._bytes_of.pop(recording, 0)

    def size(self, recording: str) -> int:
        """Bytes kept of this recording."""
        return self._bytes_of.get(recording, 0)

    def _drop_oldest(self, recording: str) -> None:
        kept = self._of[recording]
        _, piece = kept.popitem(last=False)
        self._count(recording, -len(piece.frame))
        if not kept:
            self.forget(recording)

    def _count(self, recording: str, size: int) -> None:
        self._bytes_of[recording] = self._bytes_of.get(recording, 0) + size
        self._bytes += size
