"""The recorded routing matrices: each cell is one binding and one message."""

from __future__ import annotations

from typing import Any

from mqlab.engine.brokers.rabbitmq.exchange import Binding, Exchange


def topic(recorded: dict[str, Any]) -> dict[str, list[str]]:
    """Binding key -> the routing keys that an exchange with only this binding lets through, in publish order."""
    matches: dict[str, list[str]] = {}
    for pattern in recorded["matches"]:
        exchange = Exchange("x", "topic", recorded["version"])
        exchange.bind(Binding("x", "q", pattern))
        matches[pattern] = [key for key in recorded["routing_keys"] if exchange.match(key, None)]
    return matches


def headers(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    """For each binding, the indices of the header sets that an exchange with only this binding lets through."""
    found = []
    for binding in recorded["bindings"]:
        exchange = Exchange("x", "headers", recorded["version"])
        exchange.bind(Binding("x", "q", "", binding["binding_args"]))
        matched = [index for index, sent in enumerate(recorded["header_sets"]) if exchange.match("", sent)]
        found.append({**binding, "matched_header_sets": matched})
    return found
