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
    exchanges, queues = _exchanges(brokers, declared), _queues(brokers, declared)
    known: dict[str, list[str]] = {}
    match command:
        case c.Crash() | c.Change() | c.Slow() | c.Hang() | c.Resume() | c.Remove() | c.Disconnect():
            known = {"node": programs}
        case c.Restart():
            known = {"node": [*programs, *brokers]}
        case c.Publish():
            known = {"exchange": ["", *exchanges], "broker": ["", *brokers]}
        case c.Bind() | c.Unbind():
            known = {"source": exchanges, "destination": [*queues, *exchanges]}
        case c.Purge() | c.Get():
            known = {"queue": queues}
        case c.Delete():
            known = {"node": [*queues, *exchanges]}
    entries = place.entries(20)
    for field, names in known.items():
        if field in entries:
            entries[field].known(names, "a name of this lab")


def check_filter(place: Place, programs: list[str], brokers: dict[str, Any], declared: Declared) -> None:
    """Raises ScenarioError where `where` names a program, queue or exchange that is not there."""
    where = place.entries(20).get("where")
    if where is None:
        return
    exchanges, queues = _exchanges(brokers, declared), _queues(brokers, declared)
    known = {
        "program": programs,
        "producer": programs,
        "exchange": exchanges,
        "queue": queues,
        "to": [*queues, *exchanges],
        "node": [*programs, *exchanges, *queues, *brokers],
    }
    for field, one in where.entries(50).items():
        if field in known:
            for value in one.items(50) if one.is_list else [one]:
                value.known(known[field], f"a known {field}")


def _exchanges(brokers: dict[str, Any], declared: Declared) -> list[str]:
    own = [name for spec in brokers.values() for name in spec.exchange_names]
    return [*own, *declared["exchange"], DEFAULT_EXCHANGE]


def _queues(brokers: dict[str, Any], declared: Declared) -> list[str]:
    return [*(name for spec in brokers.values() for name in spec.consume_from), *declared["queue"]]
