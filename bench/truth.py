"""How much of what the engine does is held against the real thing: recorded cases and random programs that agree, and rules
that are proved. `make soak ARGS="differential"` plays any number of programs, `make soak ARGS="mutants"` the planted bugs."""

from __future__ import annotations

import json

from bench.figure import Figure
from bench.live import ROOT
from mqlab.engine.rules import RULES
from mqlab.replay.compare import replay
from soak import differential
from tests.conftest import rabbitmq_answers

ROUNDS = 3
RECORDED = (
    "rabbitmq", "rabbitmq_3_10", "rabbitmq_3_10_more", "topic_match", "headers_match",
    "kafka_murmur2", "kafka_assignors", "kafka_assignors_3_9",
)  # fmt: skip


def figures() -> list[Figure]:
    """Shares in percent."""
    outcomes = [
        replay(json.loads((ROOT / "tests" / "traces" / f"{name}.json").read_text())) for name in RECORDED
    ]
    cases, agreed = sum(one.cases for one in outcomes), sum(one.agreed for one in outcomes)
    rules = len(RULES)
    shown = sum(bool(one.source and one.scenario and "test" in one.checked) for one in RULES.values())
    proved = sum(
        any(check.startswith(("trace", "broker")) for check in one.checked) for one in RULES.values()
    )
    return [
        Figure(
            "recorded cases and cells that agree", 100 * agreed / cases, "%", 100, 100, "higher",
            note=f"{agreed:,} of {cases:,}",
        ),
        Figure("rules with source, scenario and test", 100 * shown / rules, "%", 100, 100, "higher", note=f"{shown} of {rules}"),
        Figure("rules proved against a real broker", 100 * proved / rules, "%", 60, 90, "higher", note=f"{proved} of {rules}"),
        *([_programs()] if rabbitmq_answers() else []),
    ]  # fmt: skip


def _programs() -> Figure:
    """Random programs on the RabbitMQ of this machine and on the model: a few hundred."""
    programs = ROUNDS * differential.A_ROUND
    differing = sum(len(differential.differences(seed)) for seed in range(ROUNDS))
    return Figure(
        "random programs that agree with the broker of this machine", 100 * (programs - differing) / programs, "%", 99.9, 100,
        "higher", note=f"{programs - differing} of {programs}",
    )  # fmt: skip
