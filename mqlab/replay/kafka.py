"""Kafka's recorded files: keys with their hash and partitions, and what the assignors gave to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mqlab.engine.brokers.kafka.assignors import sticky_assignor
from mqlab.engine.brokers.kafka.assignors.by_name import BROKER_SIDE, CLIENT_SIDE
from mqlab.engine.brokers.kafka.assignors.subscription import (
    NO_GENERATION,
    Assignment,
    Subscription,
    TopicPartition,
)
from mqlab.engine.brokers.kafka.murmur2 import murmur2, positive
from mqlab.engine.brokers.kafka.partitioner import partition_for_key

KEY_LISTS = ("official", "computed")
ASSIGNOR_LISTS = ("official", "oracle")
TRANSFERRING = "partitions_transferring_ownership"
Given = dict[str, list[str]]


class CannotRun(Exception):
    """An assignor that the engine does not have."""


def is_keys(recorded: dict[str, Any]) -> bool:
    """Whether a file holds keys and their hashes."""
    return _lists(recorded, KEY_LISTS) and all("murmur2" in one for one in _cases(recorded, KEY_LISTS))


def key(case: dict[str, Any]) -> dict[str, Any]:
    """A key's case with our numbers: `murmur2`, `positive`, and the partition among N as `pN`."""
    data = case["key"].encode()
    numbers: dict[str, Any] = {}
    for name in case:
        if name == "murmur2":
            numbers[name] = murmur2(data)
        elif name == "positive":
            numbers[name] = positive(murmur2(data))
        elif among := re.fullmatch(r"p([1-9]\d*)", name):
            numbers[name] = partition_for_key(data, int(among[1]))
    return {**case, **numbers}


def is_assignors(recorded: dict[str, Any]) -> bool:
    """Whether a file holds what assignors gave to whom."""
    return _lists(recorded, ASSIGNOR_LISTS) and all(
        "assignor" in one for one in _cases(recorded, ASSIGNOR_LISTS)
    )


def assignors(case: dict[str, Any]) -> dict[str, Any]:
    """A case of one assignment (`expected`) or of `rounds` with ours in place of what was recorded. Raises CannotRun."""
    if "rounds" not in case:
        return {**case, **_one(case["assignor"], case, "expected")}
    return {
        **case,
        "rounds": [{**one, **_one(case["assignor"], one, "assignment")} for one in case["rounds"]],
    }


def not_run(case: dict[str, Any], why: str) -> dict[str, Any]:
    """The case with the reason in place of each assignment."""
    if "rounds" not in case:
        return {**case, "expected": {"cannot_run": why}}
    return {**case, "rounds": [{**one, "assignment": {"cannot_run": why}} for one in case["rounds"]]}


def differing(expected: dict[str, Any], got: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Where two outcomes of a case differ: a name for the place, and both sides. Who gets which counts, not in what order."""
    if "rounds" not in expected:
        if _sets(expected["expected"]) != _sets(got["expected"]):
            yield "", expected["expected"], got["expected"]
        if expected.get(TRANSFERRING) != got.get(TRANSFERRING):
            yield f", {TRANSFERRING}", expected[TRANSFERRING], got[TRANSFERRING]
        return
    free = expected["name"].endswith("_mixed") and "sticky" in expected["assignor"]
    for number, (one, other) in enumerate(zip(expected["rounds"], got["rounds"], strict=True), 1):
        theirs, ours = one["assignment"], other["assignment"]
        if _sets(theirs) != _sets(ours) and not (
            free and _as_good(one.get("owned_before", {}), theirs, ours)
        ):
            yield f", round {number}", theirs, ours


def _one(name: str, case: dict[str, Any], outcome: str) -> dict[str, Any]:
    """One assignment, and with it the partitions that change hands where they were recorded."""
    word = name.split()[0]
    assign = {**BROKER_SIDE, **CLIENT_SIDE}.get(word)
    if assign is None:
        raise CannotRun(f"the engine has no assignor {word}")
    held, instances = case.get("owned_before", {}), case.get("instances", {})
    before, others = case.get("generation", 2) - 1, case.get("generations", {})
    members = {
        member: Subscription(
            tuple(topics),
            tuple(_partition(text) for text in held.get(member, ())),
            others.get(member, before if member in held else NO_GENERATION),
            instances.get(member),
        )
        for member, topics in case["members"].items()
    }
    found: dict[str, Any] = {outcome: _texts(assign(case["topics"], members))}
    if TRANSFERRING in case:
        decided = sticky_assignor.decide(case["topics"], members)
        found[TRANSFERRING] = {str(one): member for one, member in decided.transferring.items()}
    return found


def _partition(text: str) -> TopicPartition:
    topic, _, number = text.rpartition(":")
    return TopicPartition(topic, int(number))


def _texts(assignment: Assignment) -> Given:
    return {member: [str(one) for one in got] for member, got in assignment.items()}


def _sets(assignment: Given) -> dict[str, list[str]]:
    return {member: sorted(got) for member, got in assignment.items()}


def _as_good(before: Given, theirs: Given, ours: Given) -> bool:
    """Whether ours is a valid assignment, as even as theirs, in which as much stays where it was."""

    def stays(assignment: Given) -> int:
        return sum(len(set(before.get(member, ())) & set(got)) for member, got in assignment.items())

    def counts(assignment: Given) -> list[int]:
        return sorted(map(len, assignment.values()))

    return theirs.keys() == ours.keys() and counts(theirs) == counts(ours) and stays(ours) >= stays(theirs)


def _lists(recorded: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Whether the file has such lists of cases, with something in one of them."""
    found = [recorded[name] for name in names if name in recorded]
    return bool(found) and all(isinstance(cases, list) for cases in found) and any(found)


def _cases(recorded: dict[str, Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [case for name in names for case in recorded.get(name, ())]
