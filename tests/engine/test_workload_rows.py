"""The table's rows, recounted from the events of the lab that each cell opens; and the ready-made questions."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import msgspec
import pytest

from mqlab.engine import events as e
from mqlab.engine import limits, scenario
from mqlab.engine.message import message_of
from mqlab.engine.recording import Recording, run
from mqlab.engine.rules import RULES
from mqlab.engine.sentences import text_of
from mqlab.engine.workload import System, Workload, lab_text, read, stored, systems
from mqlab.engine.workload.questions import questions
from mqlab.engine.workload.row import VERDICTS, Row
from mqlab.engine.workload.run import run as headless
from mqlab.engine.workload.text import pairs

WORKLOADS = (
    "",
    "messages=60&rate=6&consumers=3&service=300&spread=random&seconds=50&fail=crash@3",
    "messages=60&rate=6&timeout=5&seconds=60&fail=slow@2,factor:80,for:20&fail=twice@9",
    "messages=60&rate=6&timeout=4&seconds=40&fail=poison@7&fail=restart@4",
)
cells = pytest.mark.parametrize("text", WORKLOADS)
every_system = pytest.mark.parametrize("system", systems(), ids=lambda one: one.id)
KINDS = {"duplicated": e.Handled, "out_of_order": e.Handled, "p50": e.Handled, "p99": e.Handled}


@cache
def row(system: System, text: str) -> Row:
    return run(headless(system, read(pairs(text))))


@cache
def told(system: System, text: str) -> tuple[e.Event, ...]:
    """All events of the lab that the page opens, with all its judges."""
    workload = read(pairs(text))
    acts = stored(system, workload)
    lab = Recording(scenario.load(lab_text(system, workload)), workload.seed, acts)
    future, at = acts[-1].id if acts else "0", (0, 0)
    found: list[e.Event] = []
    while at < (workload.end_us, 0):
        piece = run(lab.piece(future, at))
        found += piece.events
        at = piece.to
    return tuple(one for one in found if one.t < workload.end_us)


@every_system
@cells
def test_the_counts_are_those_of_the_lab_that_a_cell_opens(system: System, text: str) -> None:
    counts = dict.fromkeys(VERDICTS, 0)
    for one in told(system, text):
        if isinstance(one, e.VerdictChanged) and one.verdict in counts:
            counts[one.verdict] = one.value
    assert {name: row(system, text).count(name) for name in VERDICTS} == counts


@every_system
@cells
def test_what_was_handled_twice_and_out_of_order_is_a_recount_of_the_events(
    system: System, text: str
) -> None:
    seen: set[str] = set()
    newest: dict[str, int] = {}
    twice = late = 0
    for one in told(system, text):
        if isinstance(one, e.Handled) and one.outcome == "ok":
            for copy in one.of:
                message = message_of(copy)
                number = int(message.rpartition("-")[2])
                if message in seen:
                    twice += 1
                elif number < newest.get(one.key, 0):
                    late += 1
                else:
                    newest[one.key] = number
                seen.add(message)
    found = row(system, text)
    assert (found.count("duplicated"), found.count("out_of_order"), found.handled) == (twice, late, len(seen))


@every_system
@cells
def test_the_times_are_a_recount_of_the_events(system: System, text: str) -> None:
    published: dict[str, int] = {}
    took: dict[str, int] = {}
    for one in told(system, text):
        if isinstance(one, e.Published):
            published.setdefault(one.of[0], one.t)
        elif isinstance(one, e.Handled) and one.outcome == "ok":
            for copy in one.of:
                took.setdefault(message_of(copy), one.t - published[message_of(copy)])
    times = sorted(took.values())
    assert row(system, text).messages == len(published)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        at_least = sum(1 for one in times if one <= row(system, text).count(name))
        below = sum(1 for one in times if one < row(system, text).count(name))
        assert below < share * len(times) <= at_least


@every_system
@cells
def test_the_event_of_every_cell_is_there_at_its_position_and_of_the_right_kind(
    system: System, text: str
) -> None:
    found = row(system, text)
    for name, cell in found.cells.items():
        assert (cell.moment is None) == (cell.value == 0 and name in (*VERDICTS, "waiting"))
        if cell.moment is None:
            continue
        moment, i = cell.moment, 0
        for one in told(system, text):
            if one.name == moment.name:
                break
            i += one.t == moment.t and one.last
        else:
            raise AssertionError(f"{moment.name} is not there")
        assert (type(one).__name__, one.t, i) == (moment.kind, moment.t, moment.i)
        assert message_of(moment.message) in {message_of(copy) for copy in getattr(one, "of", ())} | {""}
        assert isinstance(one, KINDS.get(name, e.Event))
        assert text_of(moment.said)
        assert not moment.rule or moment.rule in RULES


@every_system
@cells
def test_what_is_asked_of_the_broker_is_a_recount_of_the_events(system: System, text: str) -> None:
    count = sum(1 for one in told(system, text) if isinstance(one, system.requests) and system.request(one))
    found = row(system, text)
    assert sum(found.requests.values()) == count
    assert (found.dollars is None) == (system.charge is None)
    if system.charge is not None:
        assert found.dollars == pytest.approx(count * system.charge.dollars_per_million / 1_000_000)


@every_system
@cells
def test_every_message_is_handled_waiting_or_lost(system: System, text: str) -> None:
    found = row(system, text)
    assert found.messages == read(pairs(text)).messages
    assert found.messages - found.handled - found.waiting <= found.count("lost")
    assert not found.stopped


def test_the_rows_are_the_same_in_another_process_under_another_hash_seed() -> None:
    code = (
        "import msgspec, sys; from tests.engine.test_workload_rows import WORKLOADS, row, systems; "
        "sys.stdout.write(msgspec.json.encode([row(one, text) for one in systems() for text in WORKLOADS]).decode())"
    )
    mine = msgspec.json.encode([row(one, text) for one in systems() for text in WORKLOADS]).decode()
    for seed in ("1", "4242"):
        other = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
            timeout=300, check=True,
        )  # fmt: skip
        assert other.stdout == mine


def test_a_run_yields_often_so_that_others_get_their_turn() -> None:
    steps = sum(1 for _ in headless(systems()[0], Workload(messages=500, rate=50, service_ms=10)))
    assert steps > 50


# --- questions -----------------------------------------------------------------------------------------------------


def test_there_are_enough_questions_and_each_has_a_name_of_its_own() -> None:
    assert len({one.slug for one in questions()}) == len(questions()) >= 6


@pytest.mark.parametrize("asked", questions(), ids=lambda one: one.slug)
def test_the_answer_to_a_question_is_a_matter_of_the_broker_and_not_of_luck(asked: object) -> None:
    """On twenty seeds the same systems are right."""
    right = set()
    for seed in range(1, 21):
        workload = msgspec.structs.replace(asked.task, seed=seed)  # type: ignore[attr-defined]
        rows = [run(headless(one, workload)) for one in systems()]
        right.add(tuple(one.system for one in rows if asked.holds(one)))  # type: ignore[attr-defined]
    assert len(right) == 1


# --- bounds --------------------------------------------------------------------------------------------------------


def test_a_run_that_fills_its_recording_says_so_and_when() -> None:
    classic = systems()[0]
    found = run(headless(classic, read(pairs("messages=50&rate=10&service=0&network=rack&fail=poison@1"))))
    assert "200,000 events" in found.stopped
    assert 0 < found.end_us < 60_000_000
    assert found.messages == 50 or found.waiting


def test_a_run_of_many_steps_that_tell_nothing_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKLOAD_ACTIONS_MAX", 500)
    found = run(headless(systems()[0], Workload()))
    assert "steps" in found.stopped
    assert found.end_us < Workload().end_us


EXTREMES = (
    "messages=300&rate=1000&consumers=20&service=60000&seconds=600",
    "messages=300&rate=1000&shape=bursts&burst=100&keys=26&consumers=1&service=1&seconds=60&fail=crash@0,for:0",
    "messages=1&rate=0.1&seconds=120&wait=0&network=rack&consumers=20",
    "messages=50&rate=10&timeout=1&wait=0&batch=10&seconds=30&consumers=1&fail=poison@1&fail=crash@1,for:0.001&fail=crash@2,for:0.5",
    "messages=50&rate=10&network=ocean&fail=poison@1&fail=poison@2&fail=restart@0&fail=twice@1,after:0&fail=slow@0,factor:1000"
    "&fail=crash@0",
    "messages=3&rate=1000&seconds=1",
)


@every_system
@pytest.mark.parametrize("text", EXTREMES)
def test_the_ends_of_what_may_be_asked_run_to_their_end(system: System, text: str) -> None:
    found = row(system, text)
    assert found.messages - found.handled == found.waiting or found.count("lost")
    assert found.end_us == read(pairs(text)).end_us or found.stopped


def test_a_poison_message_in_a_restarted_consumers_hands_stops_nobody() -> None:
    text = "messages=50&rate=10&timeout=1&batch=10&seconds=30&consumers=1&fail=poison@1&fail=crash@1,for:0.5"
    for system in systems():
        assert row(system, text).handled >= 25, system.id  # a FIFO queue holds the rest of its group back
