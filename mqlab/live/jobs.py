"""What each message sets going on a recording. Jobs are generators: they yield often, so that others have
their turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import cast

from mqlab.engine import limits as engine_limits
from mqlab.engine.carry import carry
from mqlab.engine.commands import Illegal
from mqlab.engine.differences import differences
from mqlab.engine.events import AnyEvent
from mqlab.engine.recording import Cut, run
from mqlab.live import limits, wire
from mqlab.live.keeper import Keeper
from mqlab.live.opened import Opened, Watcher
from mqlab.live.pace import Job
from mqlab.live.pieces import Encoded, Pieces, pack
from mqlab.live.together import END, Together

log = logging.getLogger(__name__)
Events = list[AnyEvent]

SHOWN_LIMITS = {
    "recording_s": engine_limits.RECORDING_S_MAX,
    "commands": engine_limits.COMMANDS_MAX,
    "body_bytes": engine_limits.BODY_BYTES_MAX,
    "name_bytes": engine_limits.NAME_BYTES_MAX,
    "more_s": limits.MORE_S_MAX,
    "ahead_ms": limits.AHEAD_MS_MAX,
    "frame_bytes": limits.FRAME_BYTES_MAX,
}


def answered(opened: Opened, asker: Watcher, ask: wire.AnyAsk, job: Job) -> Job:
    """Run the job; what is illegal or goes wrong becomes an answer, and the lab goes on."""
    act_id = ask.id if isinstance(ask, wire.Do | wire.Carry) else ""
    if asker.gone and not act_id:  # nobody is left to see it
        return
    try:
        yield from job
    except Illegal as error:
        asker.no(error.code, error.why, recording=opened.id, join=ask.join, id=act_id, rule=error.rule)
    except Exception:
        log.exception("%s failed on %s", type(ask).__name__, opened.id)
        why = "The server failed on this; nothing changed. It has been logged."
        asker.no("internal", why, recording=opened.id, join=ask.join, id=act_id)


def act(opened: Opened, asker: Watcher, ask: wire.Do, keeper: Keeper) -> Job:
    """Enter a command; the new future's first moments go to all who watch. In a room the room says where."""
    recording = opened.recording
    known = ask.id in recording.tree
    future, at, room = ask.future, ask.at, opened.room
    if known and ask.id in opened.stamped:
        future, at = recording.tree[ask.id].parent, recording.tree[ask.id].at
    elif room is not None and not known:
        at = room.stamp()
        future = recording.owner(room.future, at)
    _takes_acts(opened, future, keeper)
    ahead_us = min(max(ask.ahead, limits.AHEAD_MS_MIN * 1_000), limits.AHEAD_MS_MAX * 1_000)
    cut = yield from recording.do(ask.id, future, at, ahead_us, ask.command)
    stored = recording.tree[ask.id]
    path = recording.path(room.future) if room is not None and recording.knows(room.future) else []
    goes_on = room is not None and (not known or stored in path)
    frame = yield from pack(_cut(opened, cut, together=goes_on))
    if known:
        asker.send(frame)
        if ask.id not in opened.unkept:
            asker.send(wire.encode(wire.Kept(opened.id, ask.id)).decode())
        return
    asker.acted(ask.join)
    opened.tell(frame)
    if room is not None:
        opened.stamped.add(ask.id)
        room.acted(ask.id, stored.after)
    opened.unkept.add(ask.id)
    keeper.keep(opened.id, stored)


def _takes_acts(opened: Opened, future: str, keeper: Keeper) -> None:
    """Raises Illegal while acts cannot be stored."""
    if keeper.read_only:
        raise Illegal(
            "read_only", "Acts cannot be stored at the moment, so none are taken. Looking around works."
        )
    if future in opened.void:
        raise Illegal(
            "stale", "The act before this one could not be stored; go back to the last one that was."
        )


def _cut(opened: Opened, cut: Cut, *, together: bool = False) -> bytes:
    """A new future's first moments, as all who watch are told."""
    stored = opened.recording.tree[cut.id]
    events = cast(Events, cut.events)
    return wire.encode(
        wire.CutFrame(
            opened.id, cut.id, cut.future, cut.at, cut.to, events, stored.command, stored.parent, "", together
        )
    )


def carry_over(opened: Opened, asker: Watcher, ask: wire.Carry, keeper: Keeper) -> Job:
    """Apply acts again on another future; each new one is told to all and kept, then the asker hears how it went."""
    _takes_acts(opened, ask.future, keeper)

    def told(cut: Cut) -> None:
        opened.tell(run(pack(_cut(opened, cut))))
        opened.unkept.add(cut.id)
        keeper.keep(opened.id, opened.recording.tree[cut.id])

    carried = yield from carry(opened.recording, ask.id, ask.future, ask.acts, ask.command, told)
    made = wire.CarriedFrame(opened.id, ask.join, ask.id, carried.future, list(carried.refused))
    asker.send((yield from pack(wire.encode(made))))


def drive(opened: Opened, asker: Watcher, ask: wire.OpenRoom | wire.Drive) -> Job:
    """The owner opens or ends the room, or moves its playhead; one frame tells everybody."""
    room = opened.room
    if isinstance(ask, wire.OpenRoom) and not ask.on:
        opened.room = None
    elif isinstance(ask, wire.OpenRoom) and room is not None:
        room.locked = ask.locked
    elif isinstance(ask, wire.OpenRoom):
        yield from there_is(opened, ask.future, ask.at)
        opened.room = Together(ask.future, ask.at, ask.speed, ask.playing, ask.locked)
    elif room is None:
        raise Illegal("apart", "This lab is not together; open the room first.")
    else:
        future = room.future if ask.future is None else ask.future
        yield from there_is(opened, future, room.at if ask.at is None else ask.at)
        room.drive(ask.future, ask.at, ask.speed, ask.playing)
    opened.tell_beat()
    if isinstance(ask, wire.Drive) and ask.mark:
        asker.send(opened.beat(ask.join, mark=ask.mark))


def there_is(opened: Opened, future: str, at: tuple[int, int]) -> Job:
    """Raises Illegal where the recording has no such place, so that nobody is led to one."""
    opened.recording.path(future)
    if future in opened.void:
        raise Illegal("stale", "The act before this place could not be stored; go back to one that was.")
    if at[0] > END[0]:
        raise Illegal("outside", f"A recording lasts {END[0] // 1_000_000} s.")
    if at[1]:  # (t, 0) is there for any t
        yield from opened.recording.scene(future, at)


def pull(opened: Opened, asker: Watcher, ask: wire.More, pieces: Pieces, wanted: Callable[[], bool]) -> Job:
    """The stretches that cover what was asked for, each made and encoded once for everybody; while it is `wanted`."""
    until = min(ask.until, ask.after[0] + limits.MORE_S_MAX * 1_000_000)
    at = ask.after
    while wanted():
        piece = pieces.get(opened.id, ask.future, at)
        if piece is None:
            made = yield from opened.recording.piece(ask.future, at)
            piece = pieces.get(opened.id, ask.future, made.start)
            if piece is None:
                stretch = wire.Stretch(opened.id, ask.future, made.start, made.to, cast(Events, made.events))
                frame = yield from pack(wire.encode(stretch))
                piece = Encoded(made.to, frame)
                pieces.put(opened.id, ask.future, made.start, piece, shared=opened.shared)
        asker.send(piece.frame)
        if piece.to <= at or piece.to[0] >= until:
            return
        at = piece.to
        yield


def look(opened: Opened, asker: Watcher, join: int, future: str, at: tuple[int, int]) -> Job:
    """The whole picture at a position."""
    scene = yield from opened.recording.scene(future, at)
    role, tree = opened.role(asker), opened.tree()
    notes = list(opened.remarks.notes.values())
    made = wire.SceneFrame(opened.id, join, future, at, scene, tree, role, SHOWN_LIMITS, notes)
    frame = yield from pack(wire.encode(made))
    asker.send(frame)


def differ(opened: Opened, asker: Watcher, ask: wire.Differ) -> Job:
    """What differs between two futures up to a moment."""
    pair = opened.fates(ask.future), opened.fates(ask.other)
    found = yield from differences(opened.recording, pair, ask.t)
    made = wire.DifferencesFrame(opened.id, ask.join, ask.future, ask.other, ask.t, found)
    asker.send((yield from pack(wire.encode(made))))


def forget(opened: Opened, ids: Iterable[str], pieces: Pieces) -> Job:
    """Acts that could not be kept: they and what grew from them never happened, and everybody is told."""
    tree = opened.recording.tree
    gone = opened.grown_from(ids)
    opened.unkept.difference_update(gone)
    opened.void.update(gone)
    frames = []
    for name in gone:
        stored = top = tree[name]
        while top.parent in opened.void:
            top = tree[top.parent]
        at = (top.t, top.i)
        frames.append(
            wire.CutFrame(
                opened.id, name, top.parent, at, at, [], stored.command, stored.parent, "not_stored"
            )
        )
    opened.recording.drop(gone)
    opened.forget_fates()
    opened.void.difference_update(gone)
    pieces.forget(opened.id)
    for frame in frames:
        opened.tell((yield from pack(wire.encode(frame))))
    for frame in frames:
        if opened.room is not None and opened.room.future == frame.id:
            opened.room.fall_back(frame.future, frame.at)
            opened.tell_beat()
            break
