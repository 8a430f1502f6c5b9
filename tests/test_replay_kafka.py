"""Kafka's recorded files in `replay`: they agree, a wrong one is one line, and what sticky may do freely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mqlab.replay.compare import replay
from tests.test_replay import run
from tests.tree import ROOT

TRACES = Path("tests/traces")
FILES = {"kafka_murmur2": 26, "kafka_assignors": 30, "kafka_assignors_3_9": 148}


def recorded(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((ROOT / TRACES / f"{name}.json").read_text(encoding="utf-8"))
    return file


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_case_agrees(name: str) -> None:
    outcome = replay(recorded(name))
    assert outcome.disagreements == []
    assert outcome.agreed == outcome.cases == FILES[name]


@pytest.mark.parametrize("name", FILES)
def test_the_actual_file_has_the_recorded_shape_and_agrees_with_itself(name: str, tmp_path: Path) -> None:
    actual = tmp_path / "actual.json"
    assert run("--actual", actual, TRACES / f"{name}.json").returncode == 0
    written = json.loads(actual.read_text(encoding="utf-8"))
    assert shape(written) == shape(recorded(name))
    assert replay(written).disagreements == []


def shape(value: Any) -> Any:
    """Names and texts, without numbers and without the order of lists of partitions."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted(map(shape, value), key=str)
    return None if isinstance(value, int) else value


def test_a_key_that_was_recorded_otherwise_is_a_line_for_each_number() -> None:
    file = recorded("kafka_murmur2")
    file["computed"][1]["p3"] += 1
    outcome = replay(file)
    assert outcome.agreed == outcome.cases - 1
    assert outcome.disagreements == ['key "a", p3: expected 2, got 1']


def test_an_assignment_that_was_recorded_otherwise_is_a_line_with_its_round() -> None:
    file = recorded("kafka_assignors")
    case = next(one for one in file["oracle"] if len(one["rounds"]) > 1)
    got = case["rounds"][1]["assignment"]
    loser, winner = list(got)[:2]
    got[winner].append(got[loser].pop())
    outcome = replay(file)
    assert outcome.agreed == outcome.cases - 1
    (line,) = outcome.disagreements
    assert line.startswith(f"{case['assignor']}, {case['name']}, round 2: expected {{")


def test_what_changes_hands_counts_too() -> None:
    file = recorded("kafka_assignors")
    case = next(one for one in file["official"] if one.get("partitions_transferring_ownership"))
    case["partitions_transferring_ownership"] = {}
    (line,) = replay(file).disagreements
    assert f"{case['test']}, partitions_transferring_ownership: expected {{}}, got {{" in line


def mixed(assignment: dict[str, list[str]], name: str = "some_mixed") -> dict[str, Any]:
    """C0 and C1 hold one each of three; whether "t:2" goes to the one or the other is free."""
    one = {
        "topics": {"t": 3},
        "members": {"C0": ["t"], "C1": ["t", "gone"]},
        "owned_before": {"C0": ["t:0"], "C1": ["t:1"]},
        "generation": 2,
        "assignment": assignment,
    }
    return {"oracle": [{"assignor": "sticky", "name": name, "rounds": [one]}]}


def test_of_unequal_subscriptions_an_outcome_as_even_and_as_sticky_agrees() -> None:
    other = {"C0": ["t:0"], "C1": ["t:1", "t:2"]}
    assert replay(mixed(other)).agreed == 1
    assert replay(mixed(other, name="some")).agreed == 0
    assert replay(mixed({"C0": ["t:1"], "C1": ["t:0", "t:2"]})).agreed == 1  # theirs kept less than ours
    assert replay(mixed({"C0": [], "C1": ["t:0", "t:1", "t:2"]})).agreed == 0


def test_an_assignor_that_is_not_there_disagrees_and_the_others_go_on() -> None:
    file = recorded("kafka_assignors")
    fine, odd, odd_run = file["official"][0], {**file["official"][0]}, {**file["oracle"][0]}
    odd["assignor"] = odd_run["assignor"] = "sorted"
    outcome = replay({"official": [fine, odd], "oracle": [odd_run]})
    assert (outcome.cases, outcome.agreed) == (3, 1)
    assert outcome.disagreements == [
        f"sorted, {odd['test']}: the engine has no assignor sorted",
        f"sorted, {odd_run['name']}: the engine has no assignor sorted",
    ]
    assert outcome.actual["official"][1]["expected"] == {"cannot_run": "the engine has no assignor sorted"}
    assert "cannot_run" in outcome.actual["oracle"][0]["rounds"][0]["assignment"]
