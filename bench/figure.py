"""One measured figure, beside what it must be and what we are after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """`must` None: reported only."""

    name: str
    value: float
    unit: str
    must: float | None
    after: float | None
    better: Literal["lower", "higher"] = "lower"
    note: str = ""
