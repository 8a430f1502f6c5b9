"""A definitions file of a real RabbitMQ as a scenario. What the lab cannot have is listed, each with the reason, and left out.

Files of 3.10 were tried; the fields of 4.x are from its documentation (rabbitmq.com/docs/definitions). [read 2026-11]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from mqlab.engine import limits
from mqlab.engine.brokers.rabbitmq import spec
from mqlab.engine.brokers.rabbitmq.spec import PREDECLARED, QUEUE_ARGUMENTS, VERSIONS
from mqlab.engine.scenario import ScenarioError, load
from mqlab.engine.scenario.place import Place
from mqlab.engine.scenario.write import write
from mqlab.engine.strict_yaml import of_plain

BROKER, FILE = "rabbit", "definitions.json"
ONE = {"exchanges": "exchange", "queues": "queue", "policies": "policy"}
TITLE = "From a definitions file"
NOT_OURS = {
    "users": "users",
    "permissions": "permissions",
    "topic_permissions": "topic permissions",
    "parameters": "parameters",
    "global_parameters": "global parameters",
}
"""What a file holds and the lab has none of."""
IMPLIED = frozenset(("guest", "cluster_name", "internal_cluster_id", "cluster_tags"))
"""Users and global parameters that every broker has."""


class NoDefinitions(Exception):
    """The text is no definitions file; it says why."""


class Imported(NamedTuple):
    """`text`: the scenario file. `left_out`: a sentence for each thing that it does not hold."""

    text: str
    left_out: list[str]


def from_definitions(text: str) -> Imported:
    """A scenario of what a definitions file declares, as `rabbitmqctl export_definitions` or the management interface writes
    it. Raises NoDefinitions."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoDefinitions(f"This is no JSON: {str(error)[:200]}") from None
    if not isinstance(given, dict) or not any(
        isinstance(given.get(part), list) for part in ("queues", "exchanges")
    ):
        raise NoDefinitions(
            "This is no definitions file: it is one object with lists queues, exchanges and bindings."
        )
    reader = _Reader(given)
    reader.read()
    made = reader.scenario()
    try:
        load(made)
    except ScenarioError as error:  # together they are more than a lab holds
        raise NoDefinitions(f"As a whole it does not fit into a lab: {_why(error)}") from None
    return Imported(made, reader.left_out)


class _Reader:
    """`kept`: the broker as a scenario writes it."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.left_out: list[str] = []
        self.kept: dict[str, Any] = {
            "kind": "rabbitmq",
            "version": self._version(),
            "exchanges": {},
            "queues": {},
            "policies": {},
            "bindings": [],
        }
        self.vhost = self._vhost()

    def read(self) -> None:
        """Take everything, in the order in which one thing needs another."""
        for part, what in NOT_OURS.items():
            more = [one for one in self._list(part) if IMPLIED.isdisjoint((one.get("name"), one.get("user")))]
            if more:
                names = ", ".join(str(one.get("name", one.get("user"))) for one in more[:5])
                self.left_out.append(f"{len(more)} {what} ({names[:200]}): the lab has none.")
        exchanges = self._ours("exchanges", limits.NODES_MAX)
        known = [*(str(one.get("name")) for one in exchanges), *PREDECLARED]
        for one in exchanges:
            made = self._exchange(one)
            self._only_known("exchange", str(one.get("name")), made, "alternate-exchange", known)
            self._keep("exchanges", one, made, lambda place: spec.read_exchange(place, known))
        known = [*self.kept["exchanges"], *PREDECLARED]
        for name, made in self.kept["exchanges"].items():
            self._only_known("exchange", name, made, "alternate-exchange", known)
        for one in self._ours("queues", limits.NODES_MAX):
            if (queue := self._queue(one)) is not None:
                self._only_known("queue", str(one.get("name")), queue, "x-dead-letter-exchange", ["", *known])
                self._keep(
                    "queues",
                    one,
                    queue,
                    lambda place: spec.read_queue(place, ["", *known], self.kept["version"]),
                )
        for one in self._ours("policies", limits.POLICIES_MAX):
            self._keep(
                "policies",
                one,
                self._policy(one),
                lambda place: spec.read_policy(place, self.kept["version"]),
            )
        types = {name: made["type"] for name, made in self.kept["exchanges"].items()} | PREDECLARED
        targets = [*self.kept["queues"], *self.kept["exchanges"]]
        for one in self._ours("bindings", limits.BINDINGS_MAX):
            if one.get("source") != "":
                self._bind(one, types, targets)

    def scenario(self) -> str:
        """The scenario file."""
        return write({"format": 1, "title": TITLE, "about": self._about(), "brokers": {BROKER: self.kept}})

    def _about(self) -> str:
        count = {part: len(self.kept[part]) for part in ("exchanges", "queues", "bindings", "policies")}
        holds = ", ".join(f"{number} {part}" for part, number in count.items())
        return f"What a definitions file of the virtual host {self.vhost[:100]} declares: {holds}."

    def _version(self) -> str:
        said = str(self.given.get("rabbitmq_version") or self.given.get("rabbit_version") or "")
        numbers = said.split(".")
        try:
            at = (int(numbers[0]), int(numbers[1]))
        except (ValueError, IndexError):
            return VERSIONS[0]
        version = "4.3" if at >= (4, 3) else "4.0" if at >= (4, 0) else "3.10"
        if at not in ((3, 10), (4, 0), (4, 1), (4, 2), (4, 3)):
            self.left_out.append(
                f"The version {said[:20]}: the lab has none, and this one behaves as {version}."
            )
        return version

    def _vhost(self) -> str:
        """The one virtual host that is taken: that with the most in it, of equals the default one."""
        size = Counter(
            str(one.get("vhost", "/")) for part in ("queues", "exchanges") for one in self._list(part)
        )
        chosen = max(size, key=lambda name: (size[name], name == "/"), default="/")
        for name, number in sorted(size.items()):
            if name != chosen:
                self.left_out.append(
                    f"The virtual host {name} with {number} queues and exchanges: the lab has one, and takes {chosen}."
                )
        return chosen

    def _list(self, part: str) -> list[dict[str, Any]]:
        given = self.given.get(part)
        return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []

    def _ours(self, part: str, at_most: int) -> list[dict[str, Any]]:
        found = [one for one in self._list(part) if one.get("vhost", "/") == self.vhost]
        if len(found) > at_most:
            raise NoDefinitions(f"It has {len(found):,} {part}; a lab holds at most {at_most:,}.")
        if odd := len(self.given.get(part) or ()) - len(self._list(part)):
            self.left_out.append(f"{odd} entries of {part} that are no objects.")
        return found

    def _keep(
        self, part: str, one: dict[str, Any], made: dict[str, Any], read: Callable[[Place], object]
    ) -> None:
        """Keep one that the scenario's own reader takes; else say why not."""
        name = str(one.get("name"))
        try:
            read(Place(of_plain({name: made}), part, FILE).named(1)[name])
            if part != "policies" and name in (*self.kept["exchanges"], *self.kept["queues"], *PREDECLARED):
                raise NoDefinitions(f"expected a name of its own, got {name}")
        except (ScenarioError, NoDefinitions) as error:
            self.left_out.append(f"The {ONE[part]} {name[:100]}: {_why(error)}")
        else:
            self.kept[part][name] = made

    def _only_known(
        self, what: str, name: str, made: dict[str, Any], argument: str, known: list[str]
    ) -> None:
        """An argument that names an exchange which is not there goes; its owner stays."""
        arguments = made.get("arguments", {})
        if argument in arguments and arguments[argument] not in known:
            wanted = str(arguments.pop(argument))
            arguments.pop("x-dead-letter-routing-key", None)
            self.left_out.append(
                f"The {argument} of the {what} {name[:100]}: there is no exchange {wanted[:100]} in the lab."
            )

    def _bind(self, one: dict[str, Any], types: dict[str, str], targets: list[str]) -> None:
        made = {field: one.get(field, "") for field in ("source", "destination", "routing_key")}
        if one.get("arguments"):
            made["arguments"] = one["arguments"]
        for end, there in (("source", types), ("destination", targets)):
            if made[end] not in there:  # asked here, for the reader would look for the nearest name each time
                ends = f"from {str(made['source'])[:100]} to {str(made['destination'])[:100]}"
                self.left_out.append(f"A binding {ends}: its {end} is not in the lab.")
                return
        try:
            spec.read_binding(Place(of_plain(made), "bindings", FILE), types, targets, self.kept["version"])
        except ScenarioError as error:
            ends = f"from {made['source']} to {made['destination']} with key {made['routing_key']}"
            self.left_out.append(f"The binding {ends[:300]}: {_why(error)}")
        else:
            self.kept["bindings"].append(made)

    def _exchange(self, one: dict[str, Any]) -> dict[str, Any]:
        made = {
            "type": one.get("type"),
            "durable": one.get("durable", True),
            "auto_delete": one.get("auto_delete", False),
        }
        if one.get("internal"):
            made["internal"] = True
        arguments = self._arguments("exchange", one, ("alternate-exchange",))
        return {**made, **({"arguments": arguments} if arguments else {})}

    def _queue(self, one: dict[str, Any]) -> dict[str, Any] | None:
        arguments = self._arguments("queue", one, QUEUE_ARGUMENTS)
        kind = one.get("type", arguments.get("x-queue-type", "classic"))
        if kind not in ("classic", "quorum"):
            self.left_out.append(
                f"The queue {str(one.get('name'))[:100]}: the lab has no queues of type {kind}."
            )
            return None
        if kind == "quorum":
            arguments["x-queue-type"] = "quorum"
        made = {"durable": one.get("durable", True), "auto_delete": one.get("auto_delete", False)}
        return {**made, **({"arguments": arguments} if arguments else {})}

    def _arguments(self, what: str, one: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
        given = one.get("arguments")
        if not isinstance(given, dict):
            return {}
        for name in given:
            if name not in known:
                self.left_out.append(
                    f"The argument {name[:100]} of the {what} {str(one.get('name'))[:100]}: the lab knows none such."
                )
        return {name: value for name, value in given.items() if name in known}

    def _policy(self, one: dict[str, Any]) -> dict[str, Any]:
        definition = one.get("definition")
        made = {"pattern": one.get("pattern"), "definition": definition, "priority": one.get("priority", 0)}
        return {**made, "apply_to": one.get("apply-to", "all")}


def _why(error: Exception) -> str:
    """What the scenario's reader says, without the place in a file that nobody wrote."""
    if isinstance(error, ScenarioError):
        return f"expected {error.expected}, got {error.came}."[:400]
    return f"{error}."
