"""Recorded SQS cases on the engine: an emulator's trace, which agrees, and what is said where one does not."""

from __future__ import annotations

import json
from typing import Any

from mqlab.replay.compare import replay
from tests.tree import ROOT

RECORDED = json.loads((ROOT / "tests/traces/sqs.json").read_text(encoding="utf-8"))


def case(*steps: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {"scenarios": [{"name": "case", "about": "", "queue": attributes, "trace": list(steps)}]}


def test_every_recorded_case_agrees_and_so_does_what_is_written_of_it() -> None:
    outcome = replay(RECORDED)
    assert (outcome.disagreements, outcome.agreed, outcome.cases) == ([], 5, 5)
    again = replay(json.loads(json.dumps(outcome.actual)))
    assert (again.disagreements, again.agreed) == ([], 5)
    for before, after in zip(RECORDED["scenarios"], outcome.actual["scenarios"], strict=True):
        assert [set(one) for one in before["trace"]] == [set(one) for one in after["trace"]]


def test_of_an_error_the_name_counts() -> None:
    step = {
        "op": "receive",
        "max": 11,
        "result": "An error occurred (InvalidParameterValue) when calling it: in other words",
    }
    assert replay(case(step)).agreed == 1
    step["result"] = "An error occurred (OverLimit) when calling it"
    assert 'got "An error occurred (InvalidParameterValue)' in replay(case(step)).disagreements[0]


def test_a_dead_letter_queue_is_there_and_a_step_may_look_into_it() -> None:
    policy = json.dumps(
        {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dlq", "maxReceiveCount": 1}
    )
    got = [{"body": "m", "receive_count": 1, "group": None, "seq_present": False}]
    steps = [
        {"op": "send", "body": "m", "result": "ok"}, {"op": "receive", "max": 1, "result": got}, {"op": "advance", "seconds": 31},
        {"op": "receive", "max": 1, "result": []},
        {"op": "counts", "queue": "dlq", "result": {"visible": 1, "in_flight": 0, "delayed": 0}},
    ]  # fmt: skip
    assert replay(case(*steps, RedrivePolicy=policy)).disagreements == []


def test_a_fifo_queue_takes_groups_and_ids() -> None:
    got = [{"body": "m", "receive_count": 1, "group": "A", "seq_present": True}]
    steps = [
        {"op": "send", "body": "m", "group": "A", "dedup": "1", "result": "ok"},
        {"op": "send", "body": "m", "group": "A", "dedup": "1", "result": "ok"},
        {"op": "receive", "max": 10, "result": got},
        {"op": "delete", "body": "m", "handle_index": -1, "result": "ok"},
        {"op": "counts", "result": {"visible": 0, "in_flight": 0, "delayed": 0}},
    ]
    assert replay(case(*steps, FifoQueue="true")).disagreements == []


def test_an_old_handle_deletes_as_it_did_where_it_was_recorded() -> None:
    first = {"body": "m", "receive_count": 1, "group": None, "seq_present": False}
    steps = [
        {"op": "send", "body": "m", "result": "ok"}, {"op": "receive", "max": 1, "result": [first]},
        {"op": "change_visibility", "body": "m", "timeout": 0, "result": "ok"},
        {"op": "receive", "max": 1, "result": [{**first, "receive_count": 2}]},
        {"op": "delete", "body": "m", "handle_index": 0, "result": "ok"},
        {"op": "counts", "result": {"visible": 0, "in_flight": 0, "delayed": 0}},
    ]  # fmt: skip
    assert replay(case(*steps)).disagreements == []


def test_a_step_that_cannot_be_run_is_said_and_the_others_go_on() -> None:
    outcome = replay(
        {"scenarios": [*case({"op": "fly", "result": "ok"})["scenarios"], *RECORDED["scenarios"]]}
    )
    assert (outcome.cases, outcome.agreed) == (6, 5)
    assert outcome.disagreements == ["case: the engine has no fly"]
    assert outcome.actual["scenarios"][0]["trace"][0]["result"] == {"cannot_run": "the engine has no fly"}
    never = case({"op": "delete", "body": "m", "result": "ok"})
    assert replay(never).disagreements == ["case: m has had 0 receipt handles"]
