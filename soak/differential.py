"""Random programs on the real broker of this machine and on the model (tests/differential), ever others.

What differs is made as short as leaving out steps makes it, and kept in build/differential/ as a file that
`manage.py replay` reads."""

from __future__ import annotations

import json
import logging
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.differential.broker import Broker
from tests.differential.client import Event
from tests.differential.compare import Difference, differ, shortest
from tests.differential.programs import programs

A_ROUND = 100
KEPT = Path(__file__).resolve().parents[1] / "build" / "differential"
tried = differing = 0


@cache
def broker() -> Broker:
    """The real one."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it warns of each close, and many closes are meant
    return Broker()


def trial(number: int) -> str:
    """A hundred programs. Raises AssertionError where one differs."""
    global tried, differing
    found: list[Difference] = []

    @seed(number)
    @settings(
        max_examples=A_ROUND, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(programs())
    def play(program: list[Event]) -> None:
        global tried
        tried += 1
        difference = differ(broker(), [one["step"] for one in program])
        if difference is not None:
            found.append(difference)

    play()
    differing += len(found)
    share = f"{tried - differing} of {tried} programs agree ({(tried - differing) / tried:.2%})"
    if not found:
        return share
    KEPT.mkdir(parents=True, exist_ok=True)
    told = []
    for n, difference in enumerate(found, 1):
        short = shortest(broker(), difference)
        name = f"{number}-{n}"
        file = KEPT / f"{name}.json"
        file.write_text(json.dumps(short.scenario(name), indent=1) + "\n", encoding="utf-8")
        told.append(f"{short}\nkept as {file.name}; replay it with manage.py replay")
    raise AssertionError("\n\n".join([*told, share]))
