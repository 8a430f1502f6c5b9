"""A workload on one system, headless: the same events as in its lab, with only the judges that the table asks.

No picture, no checkpoint, no recording is kept: the events pass by the judges and are gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mqlab.engine import events as e
from mqlab.engine import limits, scenario
from mqlab.engine.acts import apply
from mqlab.engine.lab import build
from mqlab.engine.message import message_of
from mqlab.engine.metrics import Metrics, Took
from mqlab.engine.recording import Work
from mqlab.engine.sentences import Phrases, Sentence, phrases, say
from mqlab.engine.verdicts import OutOfOrder, Verdicts, numbered
from mqlab.engine.workload.row import VERDICTS, Cell, Moment, Row
from mqlab.engine.workload.system import System, lab_text, stored
from mqlab.engine.workload.workload import SECOND, Workload
from mqlab.engine.world import World

BREATH_ACTIONS = 50
"""The generator yields after so many actions."""
GIVEN_UP = (
    f"A run takes at most {limits.WORKLOAD_ACTIONS_MAX:,} steps, and this one has taken them. Watch for a shorter time, let "
    "consumers wait longer where they ask, or take fewer of them."
)
USUAL = (
    e.Routed, e.Appended, e.Enqueued, e.Delivered, e.Received, e.Started, e.Handled, e.Acked, e.Settled, e.Confirmed,
    e.ConfirmReceived, e.VerdictChanged,
)  # fmt: skip
"""What happens to every message; anything else that happens to one may be why it came twice, or late."""


class Deciding:
    """A judge of the judges: remembers the first event that added to each verdict, and what had befallen its message before."""

    def __init__(self, world: World, book: Phrases) -> None:
        self.world = world
        self.book = book
        self.first: dict[str, Moment] = {}
        self.ended: set[str] = set()  # messages that were lost, or left as dead letters
        self.befell: dict[str, tuple[e.Event, int]] = {}
        """Message -> what last happened to it that does not happen to every one, and that event's i."""
        self.before: dict[str, e.Event] = {}
        """Message -> what had happened to it before that."""

    def hearers(self, kind: type[e.Event]) -> list[Callable[[Any], None]]:
        """What is to be called with each event of this kind."""
        if kind is e.VerdictChanged:
            return [self._changed]
        if kind is e.Published:
            return [self._published]
        if kind is e.Delivered:
            return [self._delivered]
        return [self._befell] if kind not in USUAL and "of" in kind.__struct_fields__ else []

    def _published(self, event: e.Published) -> None:
        if event.again:
            self._befell(event)

    def _delivered(self, event: e.Delivered) -> None:
        if event.redelivered and message_of(event.of[0]) not in self.befell:
            self._befell(event)  # out of nowhere: nothing had brought it back

    def _befell(self, event: Any) -> None:
        befell = event, self.world.i
        for copy in event.of:
            message = message_of(copy)
            if message in self.befell:
                self.before[message] = self.befell[message][0]
            self.befell[message] = befell

    def _changed(self, change: e.VerdictChanged) -> None:
        if change.verdict in ("lost", "dead"):
            self.ended.update(change.of)
        if change.verdict not in VERDICTS or change.verdict in self.first:
            return
        world = self.world
        event: Any = next(one for one in world.events if one.name == change.cause)
        message = change.of[0]
        before = self.befell.get(message, (None, 0))[0]
        if before is event:
            before = self.before.get(message)
        because: Sentence = ()
        rule, since = event.rule, 0
        if before is not None:
            because, rule, since = self.said(before), rule or before.rule, before.t
        elif change.verdict == OutOfOrder.name:
            because = self._overtaken(event, message)
        self.first[change.verdict] = self.moment(event, world.i, message, because, rule, since)

    def _overtaken(self, event: e.Handled, message: str) -> Sentence:
        """Which later message of its key was done before it."""
        verdicts = next(one for one in self.world.judges if isinstance(one, Verdicts))
        order = next(one for one in verdicts.folds if isinstance(one, OutOfOrder))
        producer, _ = numbered(message)
        later = f"{producer}-{order.latest[producer, event.key, order.handling.role(event.program)]}"
        told = " has the same key and was sent later, and was done with before it, side by side with it."
        return (("message", later, later), ("text", told, ""))

    def moment(
        self, event: e.Event, i: int, message: str, because: Sentence = (), rule: str = "", since: int = 0
    ) -> Moment:
        """Of an event that decided something."""
        kind, said = type(event).__name__, self.said(event)
        return Moment(kind, event.name, event.t, i, message, said, because, since, rule or event.rule)

    def said(self, event: e.Event) -> Sentence:
        """An event as this kind of broker tells it."""
        fields: dict[str, Any] = msgspec.to_builtins(event)
        template = self.book.events.get(fields["kind"], [])
        return say(template, fields)


def run(system: System, workload: Workload) -> Work[Row]:
    """Run it to the end of what is watched."""
    loaded = scenario.load(lab_text(system, workload))
    world = build(loaded, loaded.seed)
    kind = next(iter(loaded.brokers.values())).kind
    metrics = Metrics(world, system.requests, system.request)
    deciding = Deciding(world, phrases(kind))
    world.judges[:] = [*(one for one in world.judges if isinstance(one, Verdicts)), metrics, deciding]
    world.uncount()
    told: list[e.Event] = []
    for one in stored(system, workload):
        yield from _until(world, one.at, told)
        if world.storm:
            break
        apply(world, one.command, f"do:{one.id}")
        world.finish()
    yield from _until(world, (workload.end_us, 0), told)
    row = yield from _row(system, workload, world, metrics, deciding)
    for part in (metrics.took, metrics.published, metrics.begun, deciding.befell, deciding.before):
        yield  # what is large goes piece by piece, too
        part.clear()
    yield
    world.discard()
    return row


def _until(world: World, to: tuple[int, int], told: list[e.Event]) -> Work[None]:
    while world.play(to, BREATH_ACTIONS, told, 1 << 62):
        told.clear()
        if world.agenda.made > limits.WORKLOAD_ACTIONS_MAX and not world.storm:
            world.stop(GIVEN_UP)
            world.finish()
        yield
    told.clear()
    if not world.storm:
        world.stand(to[0])


def _row(system: System, workload: Workload, world: World, metrics: Metrics, deciding: Deciding) -> Work[Row]:
    verdicts = next(one for one in world.judges if isinstance(one, Verdicts)).verdicts
    cells = {name: Cell(verdicts[name], deciding.first.get(name)) for name in VERDICTS}
    for name, took in zip(("p50", "p99"), metrics.quantiles(50, 99), strict=True):
        if took is not None:
            cells[name] = Cell(took.us, _moment(took, deciding))
    yield
    waiting = [one for one in metrics.published if one not in metrics.took and one not in deciding.ended]
    cells["waiting"] = Cell(len(waiting))
    if waiting:
        last = deciding.befell.get(waiting[0], metrics.published[waiting[0]])
        cells["waiting"] = Cell(len(waiting), deciding.moment(*last, waiting[0]))
    charge, asked = system.charge, sum(metrics.requests.values())
    if metrics.asked is not None:
        event, i = metrics.asked
        message = message_of(next(iter(getattr(event, "of", ())), ""))
        cells["requests"] = Cell(asked, deciding.moment(event, i, message))
    return Row(
        system.id,
        len(metrics.published),
        len(metrics.took),
        cells,
        world.now if world.storm else workload.end_us,
        metrics.requests,
        None if charge is None else charge.dollars_per_million * asked / 1_000_000,
        world.storm,
        world.total,
    )


def _moment(took: Took, deciding: Deciding) -> Moment:
    waited, worked = (took.begun - took.published) / SECOND, (took.handled - took.begun) / SECOND
    said: Sentence = (
        ("message", took.message, took.message),
        ("text", " was published at ", ""),
        ("time", f"{took.published / SECOND:.2f} s", str(took.published)),
        ("text", f", waited {waited:.2f} s until ", ""),
        ("node", took.program, took.program),
        ("text", f" began, and was done {worked:.2f} s later.", ""),
    )
    before = deciding.befell.get(took.message, (None, 0))[0]
    late = (
        before is not None
        and took.published < before.t <= took.handled
        and not isinstance(before, e.Broadcast)
    )
    made = Moment("Handled", took.name, took.handled, took.i, took.message, said)
    if before is None or not late:
        return made
    return msgspec.structs.replace(made, because=deciding.said(before), since=before.t, rule=before.rule)
