"""An exchange: its bindings, indexed by its type, and which destinations one message matches.

A destination is a queue's name, or `Via(name)` for another exchange. A queue reached by several bindings is one
destination. [semantics §1.1 rules 1–6]
"""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine.brokers.rabbitmq import headers as header_rules
from mqlab.engine.brokers.rabbitmq.topic import TopicTrie

DEFAULT_NODE = "amq.default"
"""The default exchange has no name; this is what the picture calls it."""

TYPES = ("direct", "fanout", "headers", "topic")
RULES = {
    "direct": "rabbitmq/direct-exact",
    "fanout": "rabbitmq/fanout-all",
    "headers": "rabbitmq/headers-match",
    "topic": "rabbitmq/topic-words",
}


class Via(str):
    """An exchange as a destination; equal names of a queue and an exchange are two destinations."""

    __slots__ = ()

    def __hash__(self) -> int:
        return str.__hash__(self) ^ 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Via) and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


class Binding(msgspec.Struct, frozen=True):
    """One binding. Two are the same if destination, routing key and arguments are."""

    source: str
    destination: str
    routing_key: str
    arguments: dict[str, Any] | None = None

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What makes it itself within its source."""
        return (self.destination, self.routing_key, canonical(self.arguments))

    @property
    def link(self) -> str:
        """Its name as a line of the picture."""
        more = canonical(self.arguments).decode() if self.arguments else ""
        arrow = "=>" if isinstance(self.destination, Via) else "->"
        return f"{self.source}{arrow}{self.destination}:{self.routing_key}{more}"


def canonical(arguments: dict[str, Any] | None) -> bytes:
    """Arguments as bytes that are equal exactly where the arguments are, types included."""
    return msgspec.json.encode(arguments, order="deterministic") if arguments else b""


class Exchange:
    """One exchange. `bindings` keeps the order in which they were made."""

    __slots__ = (
        "_by_key",
        "_everyone",
        "_trie",
        "alternate",
        "arguments",
        "auto_delete",
        "bindings",
        "durable",
        "internal",
        "kind",
        "name",
        "policy",
        "version",
    )

    def __init__(
        self,
        name: str,
        kind: str,
        version: str,
        *,
        durable: bool = True,
        auto_delete: bool = False,
        internal: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.version = version
        self.durable = durable
        self.auto_delete = auto_delete
        self.internal = internal
        self.arguments = arguments or {}
        self.alternate: str | None = self.arguments.get("alternate-exchange")
        """The exchange that gets what this one routes nowhere."""
        self.policy = ""  # the name of the one that applies
        self.bindings: dict[tuple[str, str, bytes], Binding] = {}
        self._by_key: dict[str, dict[str, int]] = {}
        self._everyone: dict[str, int] = {}
        self._trie = TopicTrie() if kind == "topic" else None

    def bind(self, binding: Binding) -> bool:
        """Add a binding; False where it was there already."""
        if binding.key in self.bindings:
            return False
        self.bindings[binding.key] = binding
        counts = self._counts(binding)
        counts[binding.destination] = count = counts.get(binding.destination, 0) + 1
        if self._trie is not None and count == 1:
            self._trie.add(binding.routing_key, binding.destination)
        return True

    def unbind(self, binding: Binding) -> bool:
        """Remove a binding; False where there was none such (which is no error)."""
        if self.bindings.pop(binding.key, None) is None:
            return False
        counts = self._counts(binding)
        counts[binding.destination] -= 1
        if not counts[binding.destination]:
            del counts[binding.destination]
            if self._trie is not None:
                self._trie.remove(binding.routing_key, binding.destination)
            if not counts and counts is not self._everyone:
                del self._by_key[binding.routing_key]
        return True

    def match(self, routing_key: str, headers: dict[str, Any] | None) -> dict[str, str]:
        """Destination -> the binding key that matched, in a fixed order."""
        if self._trie is not None:
            return dict(self._trie.match(routing_key))
        if self.kind == "direct":
            return dict.fromkeys(self._by_key.get(routing_key, ()), routing_key)
        if self.kind == "fanout":
            return dict.fromkeys(self._everyone, "")
        matched: dict[str, str] = {}
        for binding in self.bindings.values():
            if binding.destination not in matched and header_rules.matches(
                binding.arguments or {}, headers, self.version
            ):
                matched[binding.destination] = binding.routing_key
        return matched

    def _counts(self, binding: Binding) -> dict[str, int]:
        if self.kind in ("fanout", "headers"):
            return self._everyone
        return self._by_key.setdefault(binding.routing_key, {})
