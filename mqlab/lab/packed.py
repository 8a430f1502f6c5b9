"""A link that holds everything: scenario, seed, acts, their names and notes, as raw deflate of JSON in base64url.

It comes from anywhere, so it is read strictly and within bounds, and its acts are tried before a recording is made of it.
What is wrong is told by the part that it is in.
"""

from __future__ import annotations

import base64
import re
import zlib
from typing import Annotated, NoReturn

import msgspec

from mqlab.engine import limits as engine_limits
from mqlab.engine import scenario
from mqlab.engine.carry import number_on
from mqlab.engine.commands import AnyCommand, Illegal
from mqlab.engine.recording import Cut, Recording, Stored, Work
from mqlab.lab import limits
from mqlab.live import limits as live_limits
from mqlab.live.remarks import Note
from mqlab.live.wire import Id, Natural, has_nul

_LETTERS = re.compile(r"[A-Za-z0-9_-]+")


class Bad(Exception):
    """A link that cannot be opened. `part`: link, text, scenario, seed, an act, a name or a note."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"{part}: {why}")
        self.part = part
        self.why = why


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command of the tree, as the journal has it."""

    id: Id
    parent: Id
    t: Natural
    i: Natural
    command: AnyCommand


class PackedNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note pinned to a moment."""

    id: Id
    future: Id
    t: Natural
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=live_limits.NOTE_CHARS_MAX)]
    message: Annotated[str, msgspec.Meta(max_length=engine_limits.NAME_BYTES_MAX)] = ""


class Packed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What such a link holds."""

    format: Annotated[int, msgspec.Meta(ge=1, le=1)]
    scenario: str
    seed: Annotated[int, msgspec.Meta(ge=0, le=engine_limits.SEED_MAX)]
    acts: Annotated[list[Act], msgspec.Meta(max_length=engine_limits.COMMANDS_MAX)] = []
    labels: dict[Id, Annotated[str, msgspec.Meta(max_length=live_limits.LABEL_CHARS_MAX)]] = {}
    notes: Annotated[list[PackedNote], msgspec.Meta(max_length=live_limits.NOTES_MAX)] = []


class Unpacked(msgspec.Struct, frozen=True):
    """A recording that can be made: the scenario's text, the seed, acts that were tried, names and notes."""

    scenario: str
    seed: int
    stored: list[Stored]
    labels: dict[str, str]
    notes: list[Note]


def unpack(text: str) -> Unpacked:
    """Read and try a link. Raises Bad."""
    packed = _read(_inflate(text))
    try:
        read = scenario.load(packed.scenario, "scenario.yaml")
    except scenario.ScenarioError as error:
        raise Bad("scenario", str(error)) from error
    recording = Recording(read, packed.seed)
    steps = 0
    for number, act in enumerate(packed.acts, 1):
        part = f"act {number} ({act.id})"
        if act.id in recording.tree:
            raise Bad(part, "two acts have this id.")
        try:
            known = recording.knows(act.parent)
            work = _do(recording, act) if known else _unknown(part, act.parent)
            while True:
                next(work)
                steps += 1
                if steps > limits.PACKED_STEPS_MAX:
                    raise Bad(
                        part,
                        "there is more to simulate up to here than a link may ask for. Share it instead.",
                    )
        except StopIteration:
            pass
        except Illegal as error:
            raise Bad(part, error.why) from error
    for future in packed.labels:
        if future not in recording.tree:
            raise Bad("names", f"there is no future {future}.")
    notes = [Note(one.id, one.future, one.t, one.text, one.message) for one in packed.notes]
    for note in notes:
        if not recording.knows(note.future):
            raise Bad("notes", f"there is no future {note.future}.")
    return Unpacked(packed.scenario, packed.seed, list(recording.tree.values()), packed.labels, notes)


def _do(recording: Recording, act: Act) -> Work[Cut]:
    number = number_on(recording, act.parent, act.command)
    return recording.do(act.id, act.parent, (act.t, act.i), 0, act.command, number=number)


def _unknown(part: str, parent: str) -> NoReturn:
    raise Bad(part, f"there is no act {parent} before it that it could follow.")


def _inflate(text: str) -> bytes:
    if len(text) > limits.PACKED_BYTES_MAX:
        raise Bad(
            "link", f"it has {len(text):,} characters, and at most {limits.PACKED_BYTES_MAX:,} are read."
        )
    if not _LETTERS.fullmatch(text) or len(text) % 4 == 1:
        raise Bad(
            "link", "it is not whole, or something else got into it: it has letters, digits, - and _ only."
        )
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        raw = inflate.decompress(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), limits.PACKED_DECODED_BYTES_MAX + 1
        )
    except zlib.error as error:
        raise Bad("link", "it is not whole: what it holds cannot be unpacked.") from error
    if len(raw) > limits.PACKED_DECODED_BYTES_MAX:
        raise Bad("link", f"it holds more than {limits.PACKED_DECODED_BYTES_MAX:,} bytes.")
    if not inflate.eof or inflate.unused_data:
        raise Bad("link", "it is not whole: its end is missing, or something comes after it.")
    return raw


_PARTS = {
    "scenario": "scenario",
    "seed": "seed",
    "acts": "acts",
    "labels": "names",
    "notes": "notes",
    "format": "format",
}


def _read(raw: bytes) -> Packed:
    try:
        packed = msgspec.json.decode(raw, type=Packed)
    except msgspec.ValidationError as error:
        found = re.search(r"`\$\.(\w+)(?:\[(\d+)\])?", str(error))
        part = _PARTS.get(found[1], "text") if found else "text"
        if found and found[2]:
            part = f"{part.removesuffix('s')} {int(found[2]) + 1}"
        raise Bad(part, str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Bad("text", f"what it holds is not JSON: {error}.") from error
    if has_nul(msgspec.to_builtins(packed)):
        raise Bad("text", "text cannot hold the character NUL (U+0000).")
    return packed
