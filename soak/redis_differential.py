"""Random programs on the real Redis of this machine and on the model (tests/redis_differential), ever others.

What differs is made as short as leaving out steps makes it, and kept in build/differential/ as a file that
`manage.py replay` reads. The programs run in database 9, which is emptied."""

from __future__ import annotations

import json
from pathlib import Path

from tests.redis_differential.compare import Difference, differ, shortest
from tests.redis_differential.programs import program

A_ROUND = 100
KEPT = Path(__file__).resolve().parents[1] / "build" / "differential"
tried = differing = 0


def difference(number: int) -> Difference | None:
    """The first among the hundred programs of this seed in which the two differ."""
    for n in range(A_ROUND):
        found = differ(program(number * A_ROUND + n))
        if found is not None:
            return found
    return None


def trial(number: int) -> str:
    """A hundred programs. Raises AssertionError where one differs."""
    global tried, differing
    found = []
    for n in range(A_ROUND):
        one = differ(program(number * A_ROUND + n))
        if one is not None:
            found.append((number * A_ROUND + n, one))
    tried, differing = tried + A_ROUND, differing + len(found)
    share = f"{tried - differing} of {tried} programs agree ({(tried - differing) / tried:.2%})"
    if not found:
        return share
    KEPT.mkdir(parents=True, exist_ok=True)
    told = []
    for seed, one in found:
        short = shortest(one)
        file = KEPT / f"redis-{seed}.json"
        file.write_text(json.dumps(short.scenario(file.stem), indent=1) + "\n", encoding="utf-8")
        told.append(f"program {seed}\n{short}\nkept as {file.relative_to(KEPT.parent.parent)}")
    raise AssertionError("\n\n".join([*told, share]))
