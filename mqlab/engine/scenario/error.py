"""What is wrong with a scenario, where, and what to write instead: one readable sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScenarioError(ValueError):
    """`line` and `column` count from 1 (0: read from no file). `nearest`: a valid name like what came."""

    def __init__(
        self, file: str, line: int, column: int, field: str, expected: str, came: str, nearest: str = ""
    ) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        self.expected = expected
        self.came = came
        self.nearest = nearest
        super().__init__(file, line, column, field, expected, came, nearest)

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}, column {self.column}: " if self.line else ""
        field = f"{self.field}: " if self.field else ""
        hint = f" Did you mean {self.nearest}?" if self.nearest else ""
        end = "" if self.came.endswith("?") else "."
        return f"{where}{field}expected {self.expected}, got {self.came}{end}{hint}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one; "" where none is."""
    near = difflib.get_close_matches(name[:80], [one for one in known if one][:1000], 1, 0.6)
    return near[0] if near else ""


def shown(text: str) -> str:
    """Somebody's text, fit for one line of a message: short, in quotes, without control characters."""
    clean = "".join(char if char.isprintable() else "�" for char in text[:60])
    return f'"{clean}{"…" if len(text) > 60 else ""}"'


def listed(names: Iterable[str], at_most: int = 12) -> str:
    """Names in a row: `a, b or c`; the first few of many."""
    every = [name or '""' for name in names]
    if not every:
        return "nothing (there is none)"
    if len(every) > at_most:
        return f"{', '.join(every[:at_most])} or one of {len(every) - at_most} more"
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} or {every[-1]}"
