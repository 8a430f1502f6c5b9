"""One workload on every system: its address, what it refuses, and that all systems do the same work at the same moments."""

from __future__ import annotations

import re

import pytest

from mqlab.engine import events as e
from mqlab.engine import scenario
from mqlab.engine.acts import apply
from mqlab.engine.lab import build
from mqlab.engine.rules import RULES
from mqlab.engine.workload import BadWorkload, System, Workload, lab_text, read, stored, systems, write
from mqlab.engine.workload.workload import RANGES

LINK = re.compile(r"\[[^\]]+\]\(([a-z0-9-]+/[a-z0-9-]+)\)")
SECOND = 1_000_000
BUSY = Workload(messages=150, rate=20, consumers=3, keys=4, service_ms=90, spread="random", seconds=40)

every_system = pytest.mark.parametrize("system", systems(), ids=lambda one: one.id)


def pairs(text: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part)]


def events(system: System, workload: Workload) -> list[e.Event]:
    """All events of the workload on the system."""
    loaded = scenario.load(lab_text(system, workload))
    world = build(loaded, loaded.seed)
    told: list[e.Event] = []
    for one in stored(system, workload):
        world.play(one.at, 1 << 62, told, 1 << 62)
        world.stand(one.t)
        apply(world, one.command, f"do:{one.id}")
        told += world.finish()
    return told + world.run(workload.end_us)


def published(told: list[e.Event]) -> list[tuple[object, ...]]:
    return [(one.of, one.t, one.key, one.body, one.program) for one in told if isinstance(one, e.Published)]


def test_there_are_systems_and_each_has_its_own_id_and_title() -> None:
    assert {"rabbitmq-classic", "rabbitmq-quorum"} <= {one.id for one in systems()}
    assert len({one.id for one in systems()}) == len({one.title for one in systems()}) == len(systems())


@every_system
def test_a_system_promises_something_and_its_rules_are_there(system: System) -> None:
    named = LINK.findall(system.promise)
    assert named
    assert set(named) <= set(RULES)


@pytest.mark.parametrize("seed", [1, 7, 99])
@pytest.mark.parametrize("shape", ["steady", "random", "bursts"])
def test_every_system_is_sent_the_same_messages_at_the_same_moments(seed: int, shape: str) -> None:
    workload = read(
        [
            ("seed", str(seed)),
            ("shape", shape),
            ("messages", "60"),
            ("keys", "4"),
            ("fail", "twice@9,after:1.5"),
        ]
    )
    sent = {one.id: published(events(one, workload)) for one in systems()}
    first = next(iter(sent.values()))
    assert len(first) == 61  # one of them twice
    assert [name for name, made in sent.items() if made != first] == []


@pytest.mark.parametrize("spread", ["fixed", "even", "random"])
def test_every_system_takes_the_same_time_for_the_same_attempt_at_a_message(spread: str) -> None:
    """Where one is handled by several (broadcast), each of them counts as an attempt of their role."""
    workload = read([("spread", spread), ("messages", "50"), ("rate", "10"), ("consumers", "1")])
    took: dict[tuple[str, int], int] = {}
    for system in systems():
        for one in events(system, workload):
            if isinstance(one, e.Started):
                message = one.of[0].partition("@")[0]
                assert took.setdefault((message, one.attempt), one.until - one.t) == one.until - one.t, (
                    system.id
                )
    assert len(took) >= 50


@every_system
def test_the_lab_of_a_system_is_a_scenario_file_that_reads_and_writes_the_same(system: System) -> None:
    text = lab_text(system, BUSY)
    loaded = scenario.load(text, "x.yaml")
    assert scenario.load(scenario.dump(loaded), "x.yaml") == loaded


@every_system
@pytest.mark.parametrize(
    "mishap",
    ["crash@2", "slow@2,for:3", "restart@3", "poison@5", "twice@5"],
    ids=lambda one: one.partition("@")[0],
)
def test_every_mishap_happens_or_is_explained(system: System, mishap: str) -> None:
    workload = read(pairs(f"messages=60&rate=10&seconds=40&fail={mishap}"))
    told = events(system, workload)
    match mishap.partition("@")[0]:
        case "crash":
            happened = any(
                isinstance(one, e.Crashed) and one.node == "worker-1" and one.t == 2 * SECOND for one in told
            )
        case "slow":
            changed = [one for one in told if isinstance(one, e.NodeChanged) and "slow" in one.settings]
            happened = [(one.t, one.settings["slow"]) for one in changed] == [
                (2 * SECOND, 10),
                (5 * SECOND, None),
            ]
        case "restart":
            happened = any(one.cause.startswith("do:") and one.t == 3 * SECOND for one in told)
        case "poison":
            happened = any(isinstance(one, e.Handled) and one.outcome == "failed" for one in told)
        case _:
            happened = (
                len([one for one in told if isinstance(one, e.Published) and one.of == ("web-5",)]) == 2
            )
    assert happened or system.counterpart(workload.failures[0])


@every_system
def test_a_poison_message_is_the_only_one_that_fails(system: System) -> None:
    told = events(system, read(pairs("messages=40&rate=10&seconds=40&fail=poison@5")))
    failed = {
        one.of[0].partition("@")[0] for one in told if isinstance(one, e.Handled) and one.outcome == "failed"
    }
    assert failed == {"web-5"}
    assert not any(
        isinstance(one, e.Handled) and one.outcome == "ok" and one.of[0].startswith("web-5@") for one in told
    )


# --- the address ---------------------------------------------------------------------------------------------------

ADDRESSES = [
    "",
    "seed=0",
    "messages=10000&rate=1000&consumers=20&service=0&batch=10&seconds=600",
    "rate=0.5&messages=20&shape=bursts&burst=5&seconds=50",
    "spread=random&wait=0&timeout=1.5&network=rack",
    "fail=crash@5&fail=crash@20,worker:2,for:0&fail=slow@3,worker:2,for:20,factor:2.5&fail=restart@8&fail=poison@17&fail=twice@17,after:0.5",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_read_and_written_the_same(address: str) -> None:
    workload = read(pairs(address))
    again = read(pairs(write(workload)))
    assert again == workload
    assert sorted(write(workload).split("&")) == sorted(address.split("&"))


def test_what_is_as_it_is_by_itself_is_not_written() -> None:
    plain = Workload()
    assert (
        write(
            read(
                [
                    ("seed", str(plain.seed)),
                    ("rate", f"{plain.rate:.3f}"),
                    ("fail", "crash@5.0,worker:1,for:5"),
                ]
            )
        )
        == "fail=crash@5"
    )


WRONG = [
    ("messages=0", "messages"),
    ("messages=10001", "messages"),
    ("messages=1.5", "messages"),
    ("messages=", "messages"),
    ("messages=-1", "messages"),
    ("messages=1e3", "messages"),
    ("messages=٣", "messages"),
    ("messages=nan", "messages"),
    ("rate=inf", "rate"),
    ("rate=0", "rate"),
    ("rate=1001", "rate"),
    ("seed=9007199254740992", "seed"),
    ("keys=27", "keys"),
    ("consumers=21", "consumers"),
    ("service=60001", "service"),
    ("seconds=601", "seconds"),
    ("shape=square", "shape"),
    ("network=moon", "network"),
    ("colour=red", "colour"),
    ("seed=1&seed=2", "seed"),
    ("messages=10000&rate=1&seconds=600", "seconds"),
    ("shape=bursts&burst=50&messages=20", "burst"),
    ("fail=", "fail"),
    ("fail=explode@5", "fail"),
    ("fail=crash", "fail"),
    ("fail=crash@x", "at"),
    ("fail=crash@61", "at"),
    ("fail=crash@5,worker:3", "worker"),
    ("fail=crash@5,worker:1.5", "worker"),
    ("fail=crash@5,factor:3", "fail"),
    ("fail=crash@5,worker:1,worker:1", "fail"),
    ("fail=slow@5,factor:1", "factor"),
    ("fail=slow@5,factor:1001", "factor"),
    ("fail=poison@101", "message"),
    ("fail=poison@0", "message"),
    ("fail=twice@17,after:61", "after"),
    ("fail=crash@5&fail=crash@7", "fail"),
    ("fail=crash@5,for:0&fail=crash@50", "fail"),
    ("fail=slow@5&fail=slow@50", "fail"),
    ("fail=restart@5&fail=restart@8", "fail"),
    ("fail=poison@5&fail=poison@5", "fail"),
    ("&".join(["fail=poison@5"] * 7), "fail"),
    ("messages=" + "1" * 2_000, "messages"),
    ("<script>=1", "<script>"),
]


@pytest.mark.parametrize(("address", "field"), WRONG, ids=lambda one: one[:40])
def test_what_cannot_be_is_told_with_its_field(address: str, field: str) -> None:
    with pytest.raises(BadWorkload) as told:
        read(pairs(address))
    assert told.value.field == field
    assert len(str(told.value)) < 300
    assert str(told.value).endswith(".")


@pytest.mark.parametrize("name", RANGES)
def test_the_ends_of_every_range_are_in_it(name: str) -> None:
    for end in RANGES[name]:
        fit = {
            "messages": ("rate=1000", "seconds=600"),
            "rate": ("messages=1", "seconds=600"),
            "seconds": ("messages=1",),
        }
        text = "&".join([f"{name}={end:g}" if name != "seed" else f"seed={int(end)}", *fit.get(name, ())])
        assert read(pairs(text)) is not None
