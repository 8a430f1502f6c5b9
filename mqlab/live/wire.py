"""Every message of the socket /ws/lab/, decoded strictly. What cannot be read is answered, never a reason to
close.

The browser speaks first and asks for everything: nothing is pushed but the cuts of acts on a recording that
it watches, and what its owner does with the shared playhead. Times are virtual µs; a position is [t, i].
`static/wire-schema.json` is made from this file."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from mqlab.engine import limits as engine_limits
from mqlab.engine.carry import LeftOut
from mqlab.engine.commands import AnyCommand
from mqlab.engine.differences import Differences
from mqlab.engine.events import AnyEvent
from mqlab.engine.scene import Scene
from mqlab.live import limits
from mqlab.live.remarks import Note

Natural = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Position = tuple[Natural, Natural]
JoinNumber = Annotated[int, msgspec.Meta(ge=0, lt=limits.JOINS_PER_SOCKET_MAX)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=2**53 - 1)]
Speed = Annotated[float, msgspec.Meta(ge=limits.SPEED_MIN, le=limits.SPEED_MAX)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,32}(?!\n)$")]
"""Of a command, of a future ("0" is the bare scenario). The browser mints them."""


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", omit_defaults=True):
    """Base of what a browser may send. `join` is the browser's own number for one recording on this
    socket."""

    join: JoinNumber


class Join(Ask, frozen=True, forbid_unknown_fields=True, tag="join", omit_defaults=True):
    """Watch a recording; answered with a scene. Without `future`: its newest."""

    recording: Id
    future: Id | None = None
    at: Position | None = None


class Go(Ask, frozen=True, forbid_unknown_fields=True, tag="go", omit_defaults=True):
    """Look elsewhere; answered with a scene."""

    future: Id
    at: Position


class More(Ask, frozen=True, forbid_unknown_fields=True, tag="more", omit_defaults=True):
    """What comes after a position, up to a time; answered with the stretches that cover it.

    An act of the same join that goes through before the answer makes this void: ask again, for the new future."""

    future: Id
    after: Position
    until: Natural


class Do(Ask, frozen=True, forbid_unknown_fields=True, tag="do", omit_defaults=True):
    """An act. `id` is new (or, sent again, the same with the same content); `ahead` µs of the new future come
    with the cut."""

    id: Id
    future: Id
    at: Position
    command: AnyCommand
    ahead: Natural = limits.AHEAD_MS_MIN * 1_000


class Carry(Ask, frozen=True, forbid_unknown_fields=True, tag="carry", omit_defaults=True):
    """Acts of other futures, applied again on `future`, oldest first; a `command` is done before them, where it begins.

    Answered with a cut for each act that was made, to all, then `carried`. The command's act is `id`, the n-th act's copy
    `id-n`; sent again, the same finds what it made."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,26}(?!\n)$")]
    future: Id
    acts: Annotated[list[Id], msgspec.Meta(max_length=engine_limits.COMMANDS_MAX)]
    command: AnyCommand | None = None


class Label(Ask, frozen=True, forbid_unknown_fields=True, tag="label", omit_defaults=True):
    """Name a future; an empty text takes the name away. For the owner; told to all once it is stored."""

    future: Id
    text: Annotated[str, msgspec.Meta(max_length=limits.LABEL_CHARS_MAX)]


class Remark(Ask, frozen=True, forbid_unknown_fields=True, tag="note", omit_defaults=True):
    """Pin a note to a moment, write it anew, or, with an empty text, take it away. For the owner; told to all once it
    is stored. `id` is the browser's own."""

    id: Id
    future: Id
    t: Annotated[int, msgspec.Meta(ge=0, le=engine_limits.RECORDING_S_MAX * 1_000_000)]
    text: Annotated[str, msgspec.Meta(max_length=limits.NOTE_CHARS_MAX)]
    message: Annotated[str, msgspec.Meta(max_length=engine_limits.NAME_BYTES_MAX)] = ""


class Differ(Ask, frozen=True, forbid_unknown_fields=True, tag="differ", omit_defaults=True):
    """What differs between two futures, up to and with `t`; answered with `differences`."""

    future: Id
    other: Id
    t: Annotated[int, msgspec.Meta(ge=0, le=engine_limits.RECORDING_S_MAX * 1_000_000)]


class Leave(Ask, frozen=True, forbid_unknown_fields=True, tag="leave", omit_defaults=True):
    """Stop watching; the number is free again."""


class OpenRoom(Ask, frozen=True, forbid_unknown_fields=True, tag="together", omit_defaults=True):
    """The owner lets everybody who watches follow one playhead, which begins at this place; or, with `on` false, ends
    that. Where the room is open already, it stays where it is, and only the lock changes."""

    on: bool
    locked: bool = True
    future: Id = "0"
    at: Position = (0, 0)
    speed: Speed = 1.0
    playing: bool = False


class Drive(Ask, frozen=True, forbid_unknown_fields=True, tag="drive", omit_defaults=True):
    """The owner moves the shared playhead: what is given changes. Without `at` and `future` nothing jumps.
    `mark` comes back in a beat to who drove: what was done until then is done."""

    future: Id | None = None
    at: Position | None = None
    speed: Speed | None = None
    playing: bool | None = None
    mark: Natural = 0


class AskBeat(Ask, frozen=True, forbid_unknown_fields=True, tag="beat", omit_defaults=True):
    """Where is the room? `t0` is the browser's own clock, ms, and comes back."""

    t0: Milliseconds


AnyAsk = Join | Go | More | Do | Carry | Label | Remark | Differ | Leave | OpenRoom | Drive | AskBeat


class Frame(msgspec.Struct, frozen=True, tag_field="op", omit_defaults=True):
    """Base of what the server sends."""


class Branch(msgspec.Struct, frozen=True, omit_defaults=True):
    """One command of the tree. `kept`: it and its ancestors are in the database."""

    id: str
    parent: str
    t: int
    i: int
    command: AnyCommand
    kept: bool
    label: str = ""


class SceneFrame(Frame, frozen=True, tag="scene"):
    """The whole picture at a position, and the tree of commands. role: owner | viewer (whose first act makes
    a copy)."""

    recording: str
    join: int
    future: str
    at: tuple[int, int]
    scene: Scene
    tree: list[Branch]
    role: str
    limits: dict[str, int]
    notes: list[Note] = []


class Stretch(Frame, frozen=True, tag="stretch"):
    """The events of a future from one position up to another, half-open. Encoded once for all who watch."""

    recording: str
    future: str
    start: tuple[int, int] = msgspec.field(name="from")
    to: tuple[int, int]
    events: list[AnyEvent]


class CutFrame(Frame, frozen=True, tag="cut"):
    """A new future begins at `at`: what was played after it on this path is void. With code not_stored: act
    `id` could not be kept and is gone; look at `future` (its nearest kept ancestor) from `at`, and ask for
    more. `together`: the room goes on in it."""

    recording: str
    id: str
    future: str
    at: tuple[int, int]
    to: tuple[int, int]
    events: list[AnyEvent]
    command: AnyCommand
    parent: str
    code: str = ""
    together: bool = False


class CarriedFrame(Frame, frozen=True, tag="carried"):
    """What was asked to be carried over has been: `future` holds all of it but the `refused`."""

    recording: str
    join: int
    id: str
    future: str
    refused: list[LeftOut]


class DifferencesFrame(Frame, frozen=True, tag="differences"):
    """What differs between two futures, up to and with `t`: what matters most first."""

    recording: str
    join: int
    future: str
    other: str
    t: int
    differences: Differences


class LabelFrame(Frame, frozen=True, tag="label"):
    """A future has this name now."""

    recording: str
    future: str
    text: str


class NoteFrame(Frame, frozen=True, tag="note"):
    """A note was written; with an empty text it is gone."""

    recording: str
    note: Note


class Kept(Frame, frozen=True, tag="kept"):
    """The act and its ancestors are in the database."""

    recording: str
    id: str


class No(Frame, frozen=True, tag="no"):
    """Nothing changed. `code` is one word, `why` a sentence that says what to do instead."""

    code: str
    why: str
    recording: str = ""
    join: int = -1
    id: str = ""
    rule: str = ""
    retry_ms: int = 0


class Moved(Frame, frozen=True, tag="moved"):
    """This join now watches another recording: the visitor's own copy."""

    join: int
    recording: str


class Bye(Frame, frozen=True, tag="bye"):
    """The server closes the socket after this."""

    code: str
    why: str


class Beat(Frame, frozen=True, tag="beat"):
    """Where the shared playhead is at `now` (ms of the server's clock), and where it will stand if nothing is done.
    An answer carries the `join` and `t0` of its question; without them it was told to all, since something changed.
    Only with another `turn`, or a cut, does anybody's time go back. `away`: the owner's last page is gone."""

    recording: str
    now: float
    future: str
    at: tuple[int, int]
    stop: tuple[int, int]
    speed: float
    playing: bool
    locked: bool
    turn: int
    here: int
    away: bool = False
    join: int = -1
    t0: float | None = None
    mark: int = 0


class Apart(Frame, frozen=True, tag="apart"):
    """There is no shared playhead: everybody goes at their own pace."""

    recording: str
    join: int = -1


AnyFrame = (
    SceneFrame
    | Stretch
    | CutFrame
    | CarriedFrame
    | DifferencesFrame
    | LabelFrame
    | NoteFrame
    | Kept
    | No
    | Moved
    | Bye
    | Beat
    | Apart
)


class Unreadable(Exception):
    """A frame that is no message. Carries what could be read of it, so that the answer finds its question."""

    def __init__(self, code: str, why: str, join: int = -1, id: str = "") -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.join = join
        self.id = id


class _Envelope(msgspec.Struct, frozen=True):
    join: JoinNumber = -1
    id: Id = ""


_asks: msgspec.json.Decoder[AnyAsk] = msgspec.json.Decoder(AnyAsk)
_envelopes = msgspec.json.Decoder(_Envelope)
_encoder = msgspec.json.Encoder()


def decode(raw: str) -> AnyAsk:
    """A browser's message. Raises Unreadable: too_big, bad_json, bad_message, bad_command."""
    if len(raw) > limits.FRAME_BYTES_MAX or len(raw.encode(errors="surrogatepass")) > limits.FRAME_BYTES_MAX:
        raise Unreadable("too_big", f"A frame holds at most {limits.FRAME_BYTES_MAX} bytes.")
    try:
        ask = _asks.decode(raw)
    except msgspec.ValidationError as error:
        why = str(error)
        code = "bad_command" if "`$.command" in why else "bad_message"
        raise _unreadable(code, why, raw) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _broken(raw, error) from error
    if "\\u0000" in raw and has_nul(msgspec.to_builtins(ask)):
        raise _unreadable("bad_message", "Text cannot hold the character NUL (U+0000).", raw)
    return ask


def _broken(raw: str, error: Exception) -> Unreadable:
    """No JSON at all; or JSON whose text holds half a surrogate pair, which the strict decoder only calls
    truncated."""
    if "\\ud" in raw.lower():
        try:
            rest = msgspec.convert(json.loads(raw), _Envelope)
        except (ValueError, RecursionError, msgspec.ValidationError):
            pass
        else:
            return Unreadable("bad_message", "Text cannot hold half a surrogate pair.", rest.join, rest.id)
    return Unreadable("bad_json", f"This is not JSON: {error}.")


def _unreadable(code: str, why: str, raw: str) -> Unreadable:
    try:
        envelope = _envelopes.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Unreadable(code, why)
    return Unreadable(code, why, envelope.join, envelope.id)


def has_nul(value: Any) -> bool:
    """Whether any text in plain JSON data holds U+0000."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return any(has_nul(part) for part in value)
    return False


def encode(frame: AnyFrame) -> bytes:
    """A server's message as JSON."""
    return _encoder.encode(frame)
