"""A recorded file run on the engine: the same file with our outcomes, a line for each disagreement, and how many cases agree."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mqlab.engine.brokers.rabbitmq.spec import VERSIONS
from mqlab.replay import kafka, matrices, rabbitmq, redis, sqs
from mqlab.replay.times import ONLY_WAITS, RECORDED


class UnknownFile(Exception):
    """Nothing here knows how to run such a file; the text says which kinds there are."""


@dataclass
class Outcome:
    """`actual`: the file with our outcomes. `disagreements`: a line each."""

    actual: dict[str, Any]
    cases: int = 0
    agreed: int = 0
    disagreements: list[str] = field(default_factory=list)


def replay(recorded: dict[str, Any]) -> Outcome:
    """Run a recorded file. Raises UnknownFile for one of no known kind."""
    if _of_sqs(recorded):
        return _sqs(recorded)
    if isinstance(recorded, dict) and kafka.is_keys(recorded):
        return _keys(recorded)
    if isinstance(recorded, dict) and kafka.is_assignors(recorded):
        return _assignors(recorded)
    if isinstance(recorded, dict) and "channels" in recorded and "matches" in recorded:
        return _glob(recorded)
    if isinstance(recorded, dict) and _is_redis(recorded):
        return _redis(recorded)
    for mark, runner in (("scenarios", _scenarios), ("routing_keys", _topic), ("header_sets", _headers)):
        if isinstance(recorded, dict) and mark in recorded:
            if recorded["version"] not in VERSIONS:
                raise UnknownFile(
                    f"the model has no RabbitMQ {recorded['version']}, only {', '.join(VERSIONS)}"
                )
            return runner(recorded)
    raise UnknownFile(
        "this is no recorded trace of RabbitMQ, SQS or Redis, no topic, headers or glob matrix, "
        "and no keys or assignors of Kafka (see docs/replay.md)"
    )


def _is_redis(recorded: dict[str, Any]) -> bool:
    """Whether these are scenarios of Redis's commands."""
    steps = [step for scenario in recorded.get("scenarios", ()) for step in scenario.get("trace", ())]
    return bool(steps) and all("cmd" in step for step in steps)


def _redis(recorded: dict[str, Any]) -> Outcome:
    version = recorded.get("version", "8.0")
    if version not in redis.VERSIONS:
        raise UnknownFile(f"the model has no Redis {version}, only {', '.join(redis.VERSIONS)}")
    outcome = Outcome({**recorded, "scenarios": []})
    times = ONLY_WAITS if recorded.get("only_waits_take_time") else RECORDED
    for scenario in recorded["scenarios"]:
        outcome.cases += 1
        name = scenario["name"]
        try:
            actual = redis.play(scenario, version, times)
        except Exception as error:  # also a bug of ours: it must not hide the other cases
            why = f"the engine failed: {error!r}"
            outcome.disagreements.append(f"{name}: {why}")
            outcome.actual["scenarios"].append(redis.not_run(scenario, why))
            continue
        outcome.actual["scenarios"].append(actual)
        pairs = zip(redis.comparable(scenario["trace"]), redis.comparable(actual["trace"]), strict=True)
        lines = [
            f"{name}, step {number} {_short(entry['cmd'])}: expected {_short(expected)}, got {_short(got)}"
            for number, (entry, (expected, got)) in enumerate(zip(scenario["trace"], pairs, strict=True), 1)
            if expected != got
        ]
        outcome.disagreements += lines
        outcome.agreed += not lines
    return outcome


def _glob(recorded: dict[str, Any]) -> Outcome:
    matches = redis.glob(recorded)
    outcome = Outcome({**recorded, "matches": matches})
    for pattern, expected in recorded["matches"].items():
        for channel in recorded["channels"]:
            name = f"pattern {pattern!r}, channel {channel!r}"
            _cell(outcome, name, channel in expected, channel in matches[pattern], "matched")
    return outcome


def _keys(recorded: dict[str, Any]) -> Outcome:
    outcome = Outcome(dict(recorded))
    for name in kafka.KEY_LISTS:
        if name not in recorded:
            continue
        outcome.actual[name] = [kafka.key(case) for case in recorded[name]]
        for expected, got in zip(recorded[name], outcome.actual[name], strict=True):
            outcome.cases += 1
            wrong = [word for word in expected if expected[word] != got[word]]
            outcome.agreed += not wrong
            outcome.disagreements += [
                f"key {_short(expected['key'])}, {word}: expected {_short(expected[word])}, got {_short(got[word])}"
                for word in wrong
            ]
    return outcome


def _assignors(recorded: dict[str, Any]) -> Outcome:
    outcome = Outcome(dict(recorded))
    for kind in kafka.ASSIGNOR_LISTS:
        if kind not in recorded:
            continue
        outcome.actual[kind] = []
        for case in recorded[kind]:
            outcome.cases += 1
            name = f"{case['assignor']}, {case.get('test') or case.get('name')}"
            try:
                actual = kafka.assignors(case)
            except Exception as error:  # also a bug of ours: it must not hide the other cases
                why = str(error) if isinstance(error, kafka.CannotRun) else f"the engine failed: {error!r}"
                outcome.disagreements.append(f"{name}: {why}")
                outcome.actual[kind].append(kafka.not_run(case, why))
                continue
            outcome.actual[kind].append(actual)
            lines = [
                f"{name}{where}: expected {_short(expected)}, got {_short(got)}"
                for where, expected, got in kafka.differing(case, actual)
            ]
            outcome.disagreements += lines
            outcome.agreed += not lines
    return outcome


def _scenarios(recorded: dict[str, Any]) -> Outcome:
    outcome = Outcome({**recorded, "scenarios": []})
    times = ONLY_WAITS if recorded.get("only_waits_take_time") else RECORDED
    for scenario in recorded["scenarios"]:
        outcome.cases += 1
        name = scenario["name"]
        try:
            actual = rabbitmq.play(scenario, recorded["version"], times)
        except Exception as error:  # also a bug of ours: it must not hide the other cases
            why = str(error) if isinstance(error, rabbitmq.CannotRun) else f"the engine failed: {error!r}"
            outcome.disagreements.append(f"{name}: {why}")
            outcome.actual["scenarios"].append(_not_run(scenario, why))
            continue
        outcome.actual["scenarios"].append(actual)
        lines = [
            f"{name}, step {number} {_short(expected['step'])}: "
            f"expected {_short(_outcome(expected))}, got {_short(_outcome(got))}"
            for number, (expected, got) in enumerate(zip(scenario["trace"], actual["trace"], strict=True), 1)
            if ordered(expected) != ordered(got)
        ]
        outcome.disagreements += lines
        outcome.agreed += not lines
    return outcome


def _of_sqs(recorded: Any) -> bool:
    """Whether each case begins with a queue's attributes, and its steps lie open."""
    cases = recorded.get("scenarios") if isinstance(recorded, dict) else None
    return (
        isinstance(cases, list)
        and bool(cases)
        and all(isinstance(one, dict) and "queue" in one for one in cases)
    )


def _sqs(recorded: dict[str, Any]) -> Outcome:
    outcome = Outcome({**recorded, "scenarios": []})
    times = ONLY_WAITS if recorded.get("only_waits_take_time") else RECORDED
    for scenario in recorded["scenarios"]:
        outcome.cases += 1
        name = scenario["name"]
        try:
            actual = sqs.play(scenario, times)
        except Exception as error:  # also a bug of ours: it must not hide the other cases
            why = str(error) if isinstance(error, sqs.CannotRun) else f"the engine failed: {error!r}"
            outcome.disagreements.append(f"{name}: {why}")
            failed = [{**step, "result": {"cannot_run": why}} for step in scenario["trace"]]
            outcome.actual["scenarios"].append({**scenario, "trace": failed})
            continue
        outcome.actual["scenarios"].append(actual)
        lines = [
            f"{name}, step {number} {_short({**got, 'result': None})}: "
            f"expected {_short(expected.get('result'))}, got {_short(got.get('result'))}"
            for number, (expected, got) in enumerate(zip(scenario["trace"], actual["trace"], strict=True), 1)
            if not sqs.same(expected, got)
        ]
        outcome.disagreements += lines
        outcome.agreed += not lines
    return outcome


def _not_run(scenario: dict[str, Any], why: str) -> dict[str, Any]:
    """In place of outcomes the reason, so that nobody takes what was recorded for ours."""
    return {
        **scenario,
        "trace": [{"step": entry["step"], "result": {"cannot_run": why}} for entry in scenario["trace"]],
    }


def _outcome(entry: dict[str, Any]) -> dict[str, Any]:
    return {part: entry[part] for part in ("result", "observed") if part in entry}


def ordered(entry: dict[str, Any]) -> tuple[Any, dict[str, list[Any]]]:
    """Result, and what was observed by consumer (deliveries) and by client (the rest): between them the order is free."""
    groups: dict[str, list[Any]] = {}
    for event in entry.get("observed", ()):
        who = (
            f"consumer {event['consumer']}"
            if event["event"] == "deliver"
            else f"client {event.get('client')}"
        )
        groups.setdefault(who, []).append(event)
    return entry.get("result"), groups


def _topic(recorded: dict[str, Any]) -> Outcome:
    matches = matrices.topic(recorded)
    outcome = Outcome({**recorded, "matches": matches})
    for pattern, expected in recorded["matches"].items():
        for key in recorded["routing_keys"]:
            _cell(
                outcome, f"binding {pattern!r}, routing key {key!r}", key in expected, key in matches[pattern]
            )
    return outcome


def _headers(recorded: dict[str, Any]) -> Outcome:
    bindings = matrices.headers(recorded)
    outcome = Outcome({**recorded, "bindings": bindings})
    for expected, got in zip(recorded["bindings"], bindings, strict=True):
        for index, sent in enumerate(recorded["header_sets"]):
            name = f"binding {_short(expected['binding_args'])}, headers {_short(sent)}"
            _cell(
                outcome, name, index in expected["matched_header_sets"], index in got["matched_header_sets"]
            )
    return outcome


def _cell(outcome: Outcome, name: str, expected: bool, got: bool, word: str = "routed") -> None:
    outcome.cases += 1
    outcome.agreed += expected == got
    if expected != got:
        words = {True: word, False: f"not {word}"}
        outcome.disagreements.append(f"{name}: expected {words[expected]}, got {words[got]}")


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
