"""A workload as the short text of an address, and back: `messages=500&rate=20&fail=crash@5,worker:2`.

Only what differs from a plain `Workload()` is written, in one order and one way, so that equal workloads have equal addresses. A
mishap is its kind, @, its moment (seconds, or a message's number), and what else there is to say of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.workload.failure import (
    AnyFailure,
    BrokerRestart,
    ConsumerCrash,
    DuplicateSend,
    PoisonMessage,
    SlowConsumer,
)
from mqlab.engine.workload.workload import RANGES, WORDS, BadWorkload, Workload, inside

FIELDS = {
    "seed": "seed", "messages": "messages", "rate": "rate", "shape": "shape", "burst": "burst", "keys": "keys",
    "consumers": "consumers", "service": "service_ms", "spread": "spread", "batch": "batch", "wait": "wait_s",
    "timeout": "timeout_s", "network": "network", "seconds": "seconds",
}  # fmt: skip
"""The name in an address -> the field."""
CHOICES = {
    "shape": ("steady", "random", "bursts"),
    "spread": ("fixed", "even", "random"),
    "network": ("rack", "zone", "region", "ocean"),
}
WHOLE = ("seed", "messages", "burst", "keys", "consumers", "batch", "seconds", "worker", "message")
FAIL = "fail"
KINDS: dict[str, tuple[type[AnyFailure], str]] = {
    "crash": (ConsumerCrash, "at_s"),
    "slow": (SlowConsumer, "at_s"),
    "restart": (BrokerRestart, "at_s"),
    "poison": (PoisonMessage, "message"),
    "twice": (DuplicateSend, "message"),
}
"""The kind of a mishap -> its type, and the field that says when."""
DETAILS = {"worker": "worker", "for": "for_s", "factor": "factor", "after": "after_s"}
NUMBER = re.compile(r"[0-9]{1,16}(\.[0-9]{1,3})?")
TEXT_CHARS_MAX = 1_000


def write(workload: Workload) -> str:
    """The canonical text; empty for a workload that is as it is by itself."""
    plain = Workload()
    told = [
        f"{name}={_written(getattr(workload, field))}"
        for name, field in FIELDS.items()
        if getattr(workload, field) != getattr(plain, field)
    ]
    return "&".join([*told, *(f"{FAIL}={written(failure)}" for failure in workload.failures)])


def written(failure: AnyFailure) -> str:
    """A mishap as an address has it."""
    kind = str(type(failure).__struct_config__.tag)
    made, when = KINDS[kind]
    usual = dict(zip(made.__struct_fields__[1:], made.__struct_defaults__, strict=True))
    more = [
        f"{name}:{_written(getattr(failure, field))}"
        for name, field in DETAILS.items()
        if field in usual and getattr(failure, field) != usual[field]
    ]
    return ",".join([f"{kind}@{_written(getattr(failure, when))}", *more])


def read(pairs: Iterable[tuple[str, str]]) -> Workload:
    """A workload from an address's names and values. Raises BadWorkload: which, what is wrong, and what would be right."""
    fields: dict[str, Any] = {}
    failures: list[AnyFailure] = []
    for name, value in pairs:
        if len(value) > TEXT_CHARS_MAX:
            raise BadWorkload(name[:20], "This is longer than anything that a workload can say.")
        if name == FAIL:
            failures.append(_failure(value))
            if len(failures) > limits.WORKLOAD_FAILURES_MAX:
                raise BadWorkload(
                    FAIL, f"At most {limits.WORKLOAD_FAILURES_MAX} things go wrong in one workload."
                )
        elif name not in FIELDS:
            raise BadWorkload(
                name[:20], f"A workload has no {_shown(name)}; it has {', '.join(FIELDS)} and {FAIL}."
            )
        elif FIELDS[name] in fields:
            raise BadWorkload(name, f"{name} is said twice; say it once.")
        elif name in CHOICES:
            if value not in CHOICES[name]:
                raise BadWorkload(
                    name, f"{name} is one of {', '.join(CHOICES[name])}; {_shown(value)} is not."
                )
            fields[FIELDS[name]] = value
        else:
            fields[FIELDS[name]] = number(name, value)
    return Workload(**fields, failures=tuple(failures)).check()


def pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of such a text; where there is no =, all of it is a name."""
    parts = (part.partition("=") for part in text[: 10 * TEXT_CHARS_MAX].split("&") if part)
    return [(name, value) for name, _, value in parts]


def number(name: str, value: str) -> float:
    """A number of this name, in its range where it has one; an int where it is whole. Raises BadWorkload."""
    if NUMBER.fullmatch(value) is None:
        what = WORDS[name]
        raise BadWorkload(
            name, f"{what[:1].upper()}{what[1:]} is a number such as 20 or 2.5; {_shown(value)} is not."
        )
    found = float(value)
    if found == int(found):
        found = int(value.partition(".")[0])
    elif name in WHOLE:
        what = WORDS[name]
        raise BadWorkload(name, f"{what[:1].upper()}{what[1:]} is a whole number; {_shown(value)} is not.")
    if name in RANGES:
        inside(name, found, *RANGES[name])
    return found


def _failure(text: str) -> AnyFailure:
    first, *rest = text.split(",")
    kind, found, when = first.partition("@")
    if kind not in KINDS or not found:
        raise BadWorkload(
            FAIL,
            f"What goes wrong is one of {', '.join(KINDS)}, then @ and when, as in crash@5; {_shown(text)} is not.",
        )
    made, moment = KINDS[kind]
    known = [name for name, field in DETAILS.items() if field in made.__struct_fields__]
    fields: dict[str, Any] = {moment: number("message" if moment == "message" else "at", when)}
    for part in rest:
        name, _, value = part.partition(":")
        if name not in known or DETAILS[name] in fields:
            of = f"takes {' and '.join(known)}, each once" if known else "takes nothing more"
            raise BadWorkload(FAIL, f"{kind} {of}; {_shown(part)} does not fit.")
        fields[DETAILS[name]] = number(name, value)
    return msgspec.convert(fields | {"type": kind}, type=AnyFailure)  # type: ignore[no-any-return]


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


def _shown(text: str) -> str:
    """What somebody wrote, short and in quotes."""
    printable = "".join(one if one.isprintable() else "?" for one in text[:40])
    return f"“{printable}{'…' if len(text) > 40 else ''}”"
