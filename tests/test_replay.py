"""Recorded cases on the engine: which agree with the real brokers, and what the command says of the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mqlab.replay.compare import UnknownFile, replay
from tests.lab_server import clean_environment
from tests.tree import ROOT

TRACES = Path("tests/traces")
FILES = ("rabbitmq", "rabbitmq_3_10", "rabbitmq_3_10_more", "topic_match", "headers_match")


def recorded(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((ROOT / TRACES / f"{name}.json").read_text(encoding="utf-8"))
    return file


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "replay", *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_case_agrees(name: str) -> None:
    outcome = replay(recorded(name))
    assert outcome.disagreements == []
    assert outcome.agreed == outcome.cases > 40


@pytest.mark.parametrize("name", ["topic_match", "headers_match"])
def test_a_cell_that_was_recorded_otherwise_is_one_disagreement(name: str) -> None:
    file = recorded(name)
    if name == "topic_match":
        pattern, keys = next((pattern, keys) for pattern, keys in file["matches"].items() if keys)
        said = f"binding {pattern!r}, routing key {keys[0]!r}: expected not routed, got routed"
        file["matches"][pattern] = keys[1:]
    else:
        binding = next(binding for binding in file["bindings"] if binding["matched_header_sets"])
        binding["matched_header_sets"].pop()
        said = "expected not routed, got routed"
    outcome = replay(file)
    assert len(outcome.disagreements) == 1
    assert said in outcome.disagreements[0]
    assert outcome.agreed == outcome.cases - 1


def test_order_counts_for_each_consumer_and_not_between_them() -> None:
    file = recorded("rabbitmq")
    scenario = next(one for one in file["scenarios"] if one["name"] == "nack_multiple")
    entry = max(scenario["trace"], key=lambda one: len(one.get("observed", ())))
    assert len({event["consumer"] for event in entry["observed"]}) == 1
    entry["observed"].reverse()
    assert replay({**file, "scenarios": [scenario]}).agreed == 0
    for number, event in enumerate(entry["observed"]):
        event["consumer"] = f"c{number}"
    assert "expected" in replay({**file, "scenarios": [scenario]}).disagreements[0]


@pytest.mark.parametrize("name", FILES)
def test_the_actual_file_has_the_recorded_shape_and_agrees_with_itself(name: str, tmp_path: Path) -> None:
    actual = tmp_path / "actual.json"
    result = run("--actual", actual, TRACES / f"{name}.json")
    assert result.returncode == 0
    written = json.loads(actual.read_text(encoding="utf-8"))
    assert shape(written) == shape(recorded(name))
    assert replay(written).disagreements == []


def shape(file: dict[str, Any]) -> Any:
    """What may not differ: everything but outcomes."""
    if "scenarios" in file:
        scenarios = [
            {**scenario, "trace": [entry["step"] for entry in scenario["trace"]]}
            for scenario in file["scenarios"]
        ]
        assert all(
            set(entry) <= {"step", "result", "observed"}
            for one in file["scenarios"]
            for entry in one["trace"]
        )
        return {**file, "scenarios": scenarios}
    if "matches" in file:
        return {**file, "matches": list(file["matches"])}
    return {**file, "bindings": [{**binding, "matched_header_sets": None} for binding in file["bindings"]]}


def test_where_all_agree_it_says_so_and_exits_with_0() -> None:
    result = run(TRACES / "topic_match.json", TRACES / "headers_match.json")
    cases = sum(replay(recorded(name)).cases for name in ("topic_match", "headers_match"))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{cases} of {cases} cases agree\n"


def test_where_some_disagree_each_has_its_line_and_it_exits_with_1(tmp_path: Path) -> None:
    file = recorded("rabbitmq")
    right, wrong, odd = (json.loads(json.dumps(file["scenarios"][0])) for _ in range(3))
    wrong["name"], wrong["trace"][0]["result"] = "wrong", {"never": "answered"}
    odd["name"], odd["trace"][0]["step"]["op"] = "odd", "fly"
    path = tmp_path / "some.json"
    path.write_text(json.dumps({**file, "scenarios": [right, wrong, odd]}), encoding="utf-8")
    result = run(path)
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (1, "")
    assert lines[-1] == "1 of 3 cases agree"
    assert "odd: the engine has no fly" in lines
    (line,) = [line for line in lines if line.startswith("wrong, step 1 ")]
    assert ": expected {" in line
    assert ", got {" in line


def test_a_case_that_breaks_the_engine_disagrees_and_the_others_go_on() -> None:
    broken = {"name": "broken", "trace": [{"step": {"op": "publish", "rk": "q"}}]}
    fine = {"name": "fine", "trace": [{"step": {"op": "wait", "ms": 5}}]}
    outcome = replay({"version": "4.0", "scenarios": [broken, fine]})
    assert (outcome.cases, outcome.agreed) == (2, 1)
    assert outcome.disagreements == ["broken: the engine failed: KeyError('body')"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file or directory."),
        ("{", "is no JSON: "),
        (
            "[]",
            "this is no recorded trace of RabbitMQ, SQS or Redis, ",
        ),
        ('{"version": "2.8", "scenarios": []}', "the model has no RabbitMQ 2.8, only 4.3, 4.0, 3.10"),
        ('{"version": "4.0", "scenarios": [7]}', "is not shaped as docs/replay.md says: "),
    ],
)
def test_a_file_that_it_cannot_use_is_one_clear_sentence(
    tmp_path: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "file.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    result = run(path)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert str(path) in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_actual_wants_one_file_and_a_place_to_write(tmp_path: Path) -> None:
    two = run("--actual", tmp_path / "out.json", TRACES / "topic_match.json", TRACES / "headers_match.json")
    assert (two.returncode, "takes one file at a time" in two.stderr) == (2, True)
    assert not (tmp_path / "out.json").exists()
    nowhere = run("--actual", tmp_path / "no" / "out.json", TRACES / "topic_match.json")
    assert (nowhere.returncode, "cannot be written: No such file or directory." in nowhere.stderr) == (
        2,
        True,
    )


def test_a_file_of_no_known_kind_is_refused() -> None:
    with pytest.raises(UnknownFile):
        replay({"official": {}})
