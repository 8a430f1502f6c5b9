"""How much of what the engine does is held against the real thing: recorded cases that agree, and rules that are proved."""

from __future__ import annotations

import json

from bench.figure import Figure
from bench.live import ROOT
from mqlab.engine.rules import RULES
from mqlab.replay.compare import replay

RECORDED = ("rabbitmq", "rabbitmq_3_10", "topic_match", "headers_match")


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
    ]  # fmt: skip
