"""Kafka's recorded files: keys with their hash and partitions, and what the assignors gave to whom."""

from __future__ import annotations

import re
from typing import Any

from mqlab.engine.brokers.kafka.murmur2 import murmur2, positive
from mqlab.engine.brokers.kafka.partitioner import partition_for_key

KEY_LISTS = ("official", "computed")


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


def _lists(recorded: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Whether the file has such lists of cases, with something in one of them."""
    found = [recorded[name] for name in names if name in recorded]
    return bool(found) and all(isinstance(cases, list) for cases in found) and any(found)


def _cases(recorded: dict[str, Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [case for name in names for case in recorded.get(name, ())]
