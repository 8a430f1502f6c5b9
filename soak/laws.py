"""The laws of the recording (tests/engine/test_laws.py) on recordings that no test has seen."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from tests.engine import test_laws
from tests.engine.random_lab import ACTED

A_ROUND = 5  # recordings, of each of the two kinds


def laws() -> list[Callable[[int], None]]:
    """Every law that holds for any recording."""
    return [
        law
        for name, law in vars(test_laws).items()
        if name.startswith("test_") and list(inspect.signature(law).parameters) == ["seed"]
    ]


def trial(seed: int, first: int = ACTED) -> str:
    """All laws on a few recordings, of the kind that begins at `first`. Raises AssertionError where one is broken."""
    tried = laws()
    for n in range(A_ROUND):
        for law in tried:
            law(first + seed * A_ROUND + n)
    return f"{len(tried)} laws held for {A_ROUND} recordings"
