"""How much of what the engine does is held against the real thing: recorded cases and random programs that agree, RabbitMQ's
rules that are proved, labs that go through a real broker and come back, and a few planted bugs.

`make soak ARGS="differential"` plays any number of programs, `make soak ARGS="mutants"` tries all the planted bugs."""

from __future__ import annotations

import json

from bench.figure import Figure
from bench.live import ROOT
from mqlab.engine.rules import RULES
from mqlab.engine.scenario import load
from mqlab.replay.compare import replay
from soak import differential, mutants
from soak.plant import BUGS
from tests.conftest import rabbitmq_answers
from tests.round_trip import parts, through_the_broker, written

ROUNDS = 3
EVERY, FIRST_SEED = 10, 100_000
RECORDED = (
    "rabbitmq", "rabbitmq_3_10", "rabbitmq_3_10_more", "topic_match", "headers_match", "redis", "redis_glob", "sqs",
    "kafka_murmur2", "kafka_assignors", "kafka_assignors_3_9",
)  # fmt: skip


def figures() -> list[Figure]:
    """Shares in percent."""
    outcomes = [
        replay(json.loads((ROOT / "tests" / "traces" / f"{name}.json").read_text())) for name in RECORDED
    ]
    cases, agreed = sum(one.cases for one in outcomes), sum(one.agreed for one in outcomes)
    book = [rule for name, rule in RULES.items() if name.startswith("rabbitmq/")]
    rules = len(book)
    shown = sum(bool(one.source and one.scenario and "test" in one.checked) for one in book)
    proved = sum(any(check.startswith(("trace", "broker")) for check in one.checked) for one in book)
    return [
        Figure(
            "recorded cases and cells that agree", 100 * agreed / cases, "%", 100, 100, "higher",
            note=f"{agreed:,} of {cases:,}",
        ),
        Figure("rules of RabbitMQ: source, scenario and test", 100 * shown / rules, "%", 100, 100, "higher",
            note=f"{shown} of {rules}",
        ),
        Figure("rules of RabbitMQ: proved against a real one", 100 * proved / rules, "%", 60, 90, "higher",
            note=f"{proved} of {rules}",
        ),
        _bugs(),
        *([_programs(), _round_trip()] if rabbitmq_answers() else []),
    ]  # fmt: skip


def _programs() -> Figure:
    """Random programs on the RabbitMQ of this machine and on the model: a few hundred."""
    programs = ROUNDS * differential.A_ROUND
    differing = sum(len(differential.differences(seed)) for seed in range(ROUNDS))
    return Figure(
        "random programs that agree with the broker of this machine", 100 * (programs - differing) / programs, "%", 99.9, 100,
        "higher", note=f"{programs - differing} of {programs}",
    )  # fmt: skip


def _bugs() -> Figure:
    """Every tenth of the planted bugs, here and now."""
    tried = BUGS[::EVERY]
    known = mutants.disagreeing()
    missed = [bug.name for bug in tried if not mutants.caught(bug, known, FIRST_SEED)]
    found = len(tried) - len(missed)
    return Figure(
        "planted bugs caught", 100 * found / len(tried), "%", 100, 100, "higher",
        note=f"{found} of {len(tried)}, every tenth of {len(BUGS)}{': not ' if missed else ''}{', '.join(missed)}",
    )  # fmt: skip


def _round_trip() -> Figure:
    """The gallery's labs as definitions.json into the RabbitMQ of this machine and out again: equal in all four parts."""
    texts = [path.read_text() for path in sorted((ROOT / "fixtures" / "scenarios").glob("*.yaml"))]
    kinds = [
        (text, name) for text in texts for name, one in load(text).brokers.items() if one.kind == "rabbitmq"
    ]
    labs = [written(text, name)["definitions"] for text, name in kinds]
    for lab in labs:
        for exchange in lab["exchanges"]:
            exchange["internal"] = False  # 3.10 exports none that is
    exported, hosts = through_the_broker(labs)
    equal = sum(parts(exported, host) == parts(lab) for host, lab in zip(hosts, labs, strict=True))
    return Figure(
        "definitions.json round trip", 100 * equal / len(labs), "%", 100, 100, "higher", note=f"{equal} of {len(labs)} labs",
    )  # fmt: skip
