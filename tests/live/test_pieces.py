"""Frames are deflated where it is worth it, and what is kept of them is bounded."""

import os
import zlib

from mqlab.engine.recording import run
from mqlab.live import limits
from mqlab.live.pieces import Encoded, Pieces, pack


def test_a_short_message_stays_text() -> None:
    assert run(pack(b'{"op":"kept"}')) == '{"op":"kept"}'


def test_a_long_message_becomes_raw_deflate_of_the_same_bytes() -> None:
    payload = b'{"op":"stretch","events":[' + b'{"kind":"Acked"},' * 500 + b"]}"
    frame = run(pack(payload))
    assert isinstance(frame, bytes)
    assert len(frame) < len(payload) / 10
    assert zlib.decompress(frame, -zlib.MAX_WBITS) == payload


def test_a_huge_message_is_deflated_in_steps() -> None:
    payload = os.urandom(10 * limits.DEFLATE_CHUNK_BYTES).hex().encode()
    steps, job = 0, pack(payload)
    try:
        while True:
            next(job)
            steps += 1
    except StopIteration as end:
        frame = end.value
    assert steps == 20
    assert zlib.decompress(frame, -zlib.MAX_WBITS) == payload


def test_a_recording_keeps_no_more_than_its_share() -> None:
    pieces, size = Pieces(), limits.PIECES_BYTES_MAX // 4
    for second in range(10):
        pieces.put("r", "0", (second, 0), Encoded((second + 1, 0), b"x" * size))
    assert pieces.size("r") <= limits.PIECES_BYTES_MAX
    assert pieces.get("r", "0", (0, 0)) is None
    assert pieces.get("r", "0", (9, 0)) is not None


def test_a_recording_watched_alone_keeps_less() -> None:
    pieces = Pieces()
    for second in range(10):
        pieces.put("r", "0", (second, 0), Encoded((second + 1, 0), b"x" * 10_000), shared=False)
    assert 50_000 < pieces.size("r") <= limits.PIECES_ALONE_BYTES_MAX
    assert pieces.get("r", "0", (9, 0)) is not None


def test_all_recordings_together_are_bounded_and_the_longest_unasked_goes_first() -> None:
    pieces, size = Pieces(), limits.PIECES_BYTES_MAX
    count = limits.PIECES_TOTAL_BYTES_MAX // size
    for n in range(count):
        pieces.put(f"r{n}", "0", (0, 0), Encoded((1, 0), b"x" * size))
    assert pieces.get("r0", "0", (0, 0)) is not None
    pieces.put("one more", "0", (0, 0), Encoded((1, 0), b"x" * size))
    assert pieces.get("r0", "0", (0, 0)) is not None
    assert pieces.get("r1", "0", (0, 0)) is None


def test_what_is_forgotten_is_gone_and_frees_its_room() -> None:
    pieces = Pieces()
    pieces.put("r", "0", (0, 0), Encoded((1, 0), "text"))
    pieces.forget("r")
    assert pieces.get("r", "0", (0, 0)) is None
    assert pieces.size("r") == 0
