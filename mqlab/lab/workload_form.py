"""The form that makes a workload, as it stands on the page and as a browser without a script sends it: plain GET fields.

What goes wrong is a few rows of fields of the same names (`what`, `when`, `worker`, `lasts`, `times`), one row for each mishap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict

from mqlab.engine import limits
from mqlab.engine.workload import (
    BrokerRestart,
    ConsumerCrash,
    DuplicateSend,
    PoisonMessage,
    SlowConsumer,
    Workload,
)
from mqlab.engine.workload.text import CHOICES, FAIL, FIELDS
from mqlab.engine.workload.workload import RANGES

ROWS = ("what", "when", "worker", "lasts", "times")
ROWS_SHOWN = 2
"""Rows for mishaps that there are not yet."""
INPUTS = {
    "fail": "what",
    "at": "when",
    "message": "when",
    "worker": "worker",
    "for": "lasts",
    "after": "lasts",
    "factor": "times",
}
"""The part of an address that is wrong -> the field of a row that says it."""
MISHAPS = {
    "": "nothing",
    "crash": "a consumer crashes",
    "slow": "a consumer is slow",
    "restart": "the broker restarts",
    "poison": "a message always fails",
    "twice": "a message is sent twice",
}
LABELS = {
    "messages": ("Messages", ""),
    "rate": ("Rate", "a second"),
    "shape": ("Rhythm", ""),
    "burst": ("In a burst", "messages"),
    "keys": ("Customers", "keys"),
    "consumers": ("Consumers", ""),
    "service": ("Time for a message", "ms"),
    "spread": ("That time is", ""),
    "batch": ("Taken at once", "at most"),
    "wait": ("Asking waits up to", "s"),
    "timeout": ("Given to another after", "s"),
    "network": ("Network", ""),
    "seconds": ("Watched for", "s"),
    "seed": ("Seed", ""),
}
WORDS = {
    "steady": "steady", "random": "random", "bursts": "in bursts", "fixed": "fixed", "even": "half to one and a half",
    "rack": "same rack", "zone": "same town", "region": "same country", "ocean": "across an ocean, to watch",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. `choices`: (value, words, whether chosen), where it is one of a few."""

    name: str
    label: str
    unit: str
    value: str
    low: float = 0
    high: float = 0
    choices: tuple[tuple[str, str, bool], ...] = ()
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class MishapRow:
    """One row of what goes wrong, as the form has it."""

    choices: tuple[tuple[str, str, bool], ...]
    when: str = ""
    worker: str = ""
    lasts: str = ""
    times: str = ""
    wrong: str = ""  # the name of the field that is, in a row that says something


def pairs_of(query: QueryDict, leave: Iterable[str]) -> list[tuple[str, str]]:
    """A workload's names and values out of an address, the rows of a form put together; `leave`: names that are not its own."""
    own = [
        (name, value)
        for name, values in query.lists()
        if name not in leave and name not in ROWS
        for value in values
        if value or name not in FIELDS  # a field left empty is as it is by itself
    ]
    rows = zip(*(_filled(query.getlist(name), len(query.getlist("what"))) for name in ROWS), strict=True)
    return [*own, *((FAIL, _mishap(*row)) for row in rows if row[0])]


def is_form(query: QueryDict) -> bool:
    """Whether an address comes from the form as it is sent."""
    return any(name in query for name in ROWS)


def _filled(values: list[str], count: int) -> list[str]:
    return [*values[:count], *([""] * (count - len(values)))]


def _mishap(what: str, when: str, worker: str, lasts: str, times: str) -> str:
    """A row as an address has it; what does not belong to its kind, or is empty, is left out."""
    more = {
        "crash": {"worker": worker, "for": lasts},
        "slow": {"worker": worker, "for": lasts, "factor": times},
        "twice": {"after": lasts},
    }
    told = [f"{name}:{value}" for name, value in more.get(what, {}).items() if value]
    return ",".join([f"{what}@{when}", *told])


def fields(workload: Workload, wrong: str = "", typed: dict[str, str] | None = None) -> list[Field]:
    """The fields, filled in. `wrong`: the one that is; `typed`: what somebody wrote, where that is not a workload."""
    made = []
    for name, (label, unit) in LABELS.items():
        value = (typed or {}).get(name, _text(getattr(workload, FIELDS[name])))
        if name in CHOICES:
            options = tuple((one, WORDS[one], one == value) for one in CHOICES[name])
            made.append(Field(name, label, unit, value, choices=options, wrong=name == wrong))
        else:
            made.append(Field(name, label, unit, value, *RANGES[name], wrong=name == wrong))
    return made


def typed_rows(query: QueryDict, wrong: str) -> list[MishapRow]:
    """The rows as somebody filled them in, where that is not a workload; `wrong`: the part of an address that is."""
    count = min(len(query.getlist("what")), limits.WORKLOAD_FAILURES_MAX)
    columns = (_filled([value[:20] for value in query.getlist(name)], count) for name in ROWS)
    return [
        MishapRow(_choices(what), *rest, wrong=INPUTS.get(wrong, "") if what else "")
        for what, *rest in zip(*columns, strict=True)
    ]


def rows(workload: Workload) -> list[MishapRow]:
    """What goes wrong, and rows for more."""
    made = [_row(one) for one in workload.failures]
    more = min(ROWS_SHOWN, limits.WORKLOAD_FAILURES_MAX - len(made))
    return [*made, *([MishapRow(_choices(""))] * more)]


def _row(failure: object) -> MishapRow:
    match failure:
        case ConsumerCrash():
            return MishapRow(
                _choices("crash"), _text(failure.at_s), _text(failure.worker), _text(failure.for_s)
            )
        case SlowConsumer():
            told = (failure.at_s, failure.worker, failure.for_s, failure.factor)
            return MishapRow(_choices("slow"), *map(_text, told))
        case BrokerRestart():
            return MishapRow(_choices("restart"), _text(failure.at_s))
        case PoisonMessage():
            return MishapRow(_choices("poison"), _text(failure.message))
        case DuplicateSend():
            return MishapRow(_choices("twice"), _text(failure.message), lasts=_text(failure.after_s))
    return MishapRow(_choices(""))


def _choices(chosen: str) -> tuple[tuple[str, str, bool], ...]:
    return tuple((value, words, value == chosen) for value, words in MISHAPS.items())


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
