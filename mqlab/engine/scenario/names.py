"""What commands and goals name must be in the scenario, or nobody could ever do or meet them."""

from __future__ import annotations

from typing import Any

from mqlab.engine import commands as c
from mqlab.engine.scenario.place import Place

DEFAULT_EXCHANGE = "amq.default"


Declared = dict[str, list[str]]
"""What the clients' scripts declare: names under `queue` and `exchange`."""


def check_command(
    command: c.AnyCommand, place: Place, programs: list[str], brokers: dict[str, Any], declared: Declared
) -> None:
    """Raises ScenarioError where a command names what the scenario does not have."""
    exchanges, queues = _named(brokers, declared, "exchange"), _named(brokers, declared, "queue")
    known: dict[str, list[str]] = {}
    match command:
        case c.Crash() | c.Change() | c.Slow() | c.Hang() | c.Resume() | c.Remove() | c.Disconnect():
            known = {"node": programs}
        case c.Restart():
            known = {"node": [*programs, *brokers]}
        case c.Bind() | c.Unbind():
            known = {"source": exchanges, "destination": [*queues, *exchanges]}
        case c.Delete():
            known = {
                "node": [*queues, *exchanges, *(name for spec in brokers.values() for name in spec.named())]
            }
        case _:
            known = {"broker": ["", *brokers], "exchange": ["", *exchanges], "queue": queues}
            known |= {
                what: _named(brokers, declared, what)
                for what in c.NAMES_SOMETHING
                if what not in (*known, "node")
            }
    entries = place.entries(20)
    for field, names in known.items():
        if field in entries:
            entries[field].known(names, "a name of this lab")


def check_filter(place: Place, programs: list[str], brokers: dict[str, Any], declared: Declared) -> None:
    """Raises ScenarioError where `where` names a program or something of a broker's that is not there."""
    where = place.entries(20).get("where")
    if where is None:
        return
    exchanges, queues = _named(brokers, declared, "exchange"), _named(brokers, declared, "queue")
    nodes = [name for spec in brokers.values() for name in spec.named()]
    places = [name for name in nodes if name not in exchanges]  # a group of a stream is one, too
    known = {
        "program": programs,
        "producer": programs,
        "exchange": [*exchanges, *(name for spec in brokers.values() for name in spec.publish_to)],
        "queue": [*queues, *places, *(name for spec in brokers.values() for name in spec.consume_from)],
        "to": [*queues, *exchanges, *programs],
        "node": [*programs, *exchanges, *queues, *nodes, *brokers],
    }
    for field, one in where.entries(50).items():
        if field in known:
            for value in one.items(50) if one.is_list else [one]:
                value.known(dict.fromkeys(known[field]), f"a known {field}")


def _named(brokers: dict[str, Any], declared: Declared, what: str) -> list[str]:
    """The names of all that is called an exchange, a queue, a stream…"""
    found = [
        name for spec in brokers.values() for name, said in spec.named().items() if said.endswith(f" {what}")
    ]
    return [*found, *declared.get(what, ()), *([DEFAULT_EXCHANGE] if what == "exchange" else [])]
