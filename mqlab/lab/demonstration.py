"""Show me: a rule's scenario, played with its own acts, at the moment when the rule decides.

The recording is shared and frozen, one for all visitors: who acts on it gets a copy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.db import transaction

from mqlab import __version__
from mqlab.engine import scenario
from mqlab.engine.events import Event
from mqlab.engine.limits import NAME_BYTES_MAX
from mqlab.engine.message import message_of
from mqlab.engine.recording import Recording as Lab
from mqlab.engine.recording import run
from mqlab.engine.rules import RULES
from mqlab.engine.scenario.event_filter import EventFilter
from mqlab.lab import catalogue
from mqlab.lab.journal import write
from mqlab.lab.models import Recording

SHOWN_S_MAX = 320
NODE_FIELDS = ("queue", "exchange", "program", "node")


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a rule is to be seen: virtual µs, and what it decides about, a message or a node."""

    t: int
    future: str
    message: str = ""
    node: str = ""

    @property
    def fragment(self) -> str:
        """As the lab's page reads it from its address."""
        about = {"m": self.message} if self.message else {"n": self.node} if self.node else {}
        return urlencode({"t": self.t / 1_000_000, **about, "f": self.future})


def played(read: scenario.Scenario) -> tuple[Lab, str]:
    """The scenario with its own acts, and the name of the future that they make."""
    lab = Lab(read)
    future = "0"
    for number, step in enumerate(read.solution, 1):
        name = f"act{number}"
        at = run(lab.fits(future, (step.at_us, 0)))
        run(lab.do(name, future, at, 0, step.command))
        future = name
    return lab, future


def told(lab: Lab, future: str) -> Iterator[Event]:
    """The events of a future from the beginning."""
    at = (0, 0)
    while at[0] < SHOWN_S_MAX * 1_000_000:
        piece = run(lab.piece(future, at))
        yield from piece.events
        at = piece.to


@lru_cache(maxsize=512)
def moment(rule_id: str, text: str) -> Moment | None:
    """When a scenario shows a rule; None where it does not."""
    wanted = RULES[rule_id].moment
    asked = (
        EventFilter(wanted.event, {name: (value,) for name, value in wanted.where.items()})
        if wanted
        else None
    )
    left = wanted.count if wanted else 1
    lab, future = played(scenario.load(text))
    for event in told(lab, future):
        if asked is None:
            left -= event.rule == rule_id
        elif type(event).__name__ == asked.event:
            left -= asked.matches(event)
        if not left:
            of = next(iter(getattr(event, "of", ())), "")
            node = next((getattr(event, name) for name in NODE_FIELDS if getattr(event, name, "")), "")
            return Moment(event.t, future, message_of(of)[:NAME_BYTES_MAX] if of else "", node)
    return None


def shown(rule_id: str) -> tuple[Recording, Moment] | None:
    """The recording that shows a rule, and where; None where there is no such rule, or no lab can show it."""
    rule = RULES.get(rule_id)
    entry = catalogue.entry(catalogue.slug(rule.scenario)) if rule and rule.scenario else None
    if rule is None or entry is None:
        return None
    when = moment(rule_id, entry.text)
    return (frozen(entry), when) if when else None


def frozen(entry: catalogue.Entry) -> Recording:
    """The scenario with its own acts as a shared recording, which is made once for each version of both."""
    name = f"show{hashlib.sha256(f'{__version__} {entry.text}'.encode()).hexdigest()[:12]}"
    found = Recording.objects.filter(pk=name).first()
    if found is not None:
        return found
    lab, future = played(entry.scenario)
    with transaction.atomic():
        made, new = Recording.objects.get_or_create(
            id=name,
            defaults={
                "slug": entry.slug, "scenario": entry.text, "seed": entry.scenario.seed, "owner": "",
                "engine": __version__, "shared": True, "futures": [future],
            },
        )  # fmt: skip
        if new:
            write((name, one) for one in lab.tree.values())
    return made
