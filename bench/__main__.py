"""Measures the figures and prints each beside what it must be: python -m bench [name of a module…]

A module of this folder that has `figures()` is measured; there is no list. A loop that never changes is
timed before and after each, and a time or a rate is judged by how fast the machine was then: a bound of 15 ms
is one of 30 ms while the loop takes twice as long as it did where the bounds were set. Ratios, sizes and counts
are judged as they are. Exit 1 where a figure misses what it must be.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.figure import Figure

HERE = Path(__file__).parent
LOOP_MS = 5.0
"""What the fixed loop took on the machine for which the bounds are given."""
SCALED = {"ms": 1, "ms p95": 1, "s": 1, "a second": -1}
"""Units in which a slow machine shows: times grow with it, rates shrink."""
WIDTHS = (58, 16, 12, 12, 8)


def modules() -> dict[str, Callable[[], list[Figure]]]:
    """Every module here that measures something, by its name."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        if not path.name.startswith("_"):
            measure = getattr(importlib.import_module(f"bench.{path.stem}"), "figures", None)
            if measure is not None:
                found[path.stem] = measure
    return found


def calibration_ms() -> float:
    """A fixed loop of plain Python: the median of five."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        total = 0
        for number in range(200_000):
            total += number & 7
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


def meets(figure: Figure, bound: float, slow: float = 1.0) -> bool:
    """Whether the figure is at least as good as a bound, on a machine that is `slow` times slower than the bound's."""
    bound *= slow ** SCALED.get(figure.unit, 0)
    return figure.value <= bound if figure.better == "lower" else figure.value >= bound


def verdict(figure: Figure, slow: float = 1.0) -> str:
    """One word for the last column."""
    if figure.must is not None and not meets(figure, figure.must, slow):
        return "MISSED"
    if figure.after is not None and meets(figure, figure.after, slow):
        return "reached"
    return "-" if figure.must is None else "pass"


def row(figure: Figure, slow: float = 1.0) -> str:
    """The figure's line of the table."""
    sign = "≤" if figure.better == "lower" else "≥"
    bounds = ["-" if bound is None else f"{sign} {number(bound)}" for bound in (figure.must, figure.after)]
    return (
        line(figure.name, f"{number(figure.value)} {figure.unit}", *bounds, verdict(figure, slow))
        + f"  {figure.note}"
    )


def number(value: float) -> str:
    """Three digits are enough."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(*cells: str) -> str:
    """Cells at the widths of the table."""
    first, *rest = (
        cell.ljust(WIDTHS[0]) if at == 0 else cell.rjust(WIDTHS[at]) for at, cell in enumerate(cells)
    )
    return "  ".join([first, *rest])


def main(names: list[str]) -> int:
    """Measure the modules named, or all."""
    known = modules()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no bench {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    print(line("figure", "measured", "must", "after", ""))
    missed = False
    for name in names or known:
        before = calibration_ms()
        figures = known[name]()
        loop_ms = (before + calibration_ms()) / 2
        slow = loop_ms / LOOP_MS
        print(
            line(
                f"{name}: a fixed loop", f"{number(loop_ms)} ms", f"{number(LOOP_MS)} ms", "", f"{slow:.2g} ×"
            )
        )
        for figure in figures:
            missed = missed or verdict(figure, slow) == "MISSED"
            print(row(figure, slow).rstrip(), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
