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


def differences(number: int, at_most: int = A_ROUND) -> list[Difference]:
    """Where the two differ in the hundred programs of this seed; after so many no more is played."""
    found: list[Difference] = []

    @seed(number)
    @settings(
        max_examples=A_ROUND, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(programs())
    def play(program: list[Event]) -> None:
        if len(found) < at_most:
            difference = differ(broker(), [one["step"] for one in program])
            found.extend([difference] if difference is not None else [])

    play()
    return found


def trial(number: int) -> str:
    """A hundred programs. Raises AssertionError where one differs."""
    global tried, differing
    found = differences(number)
    tried, differing = tried + A_ROUND, differing + len(found)
    share = f"{tried - differing} of {tried} programs agree ({(tried - differing) / tried:.2%})"
    if not found:
        return share
    KEPT.mkdir(parents=True, exist_ok=True)
    told = []
    for n, difference in enumerate(found, 1):
        short = shortest(broker(), difference)
        file = KEPT / f"{number}-{n}.json"
        file.write_text(json.dumps(short.scenario(file.stem), indent=1) + "\n", encoding="utf-8")
        told.append(
            f"{short}\nkept as {file.relative_to(KEPT.parent.parent)}; manage.py replay plays it again"
        )
    raise AssertionError("\n\n".join([*told, share]))
