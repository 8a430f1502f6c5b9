"""The bench runner's verdicts; the figures themselves are measured by `make bench`, not by the tests."""

from __future__ import annotations

import pytest

from bench.__main__ import main, modules, row, verdict
from bench.figure import Figure


@pytest.mark.parametrize(
    ("value", "better", "expected"),
    [
        (26, "lower", "MISSED"),
        (25, "lower", "pass"),
        (10, "lower", "reached"),
        (9, "higher", "MISSED"),
        (10, "higher", "pass"),
        (25, "higher", "reached"),
    ],
)
def test_a_figure_is_missed_passed_or_reached(value: float, better: str, expected: str) -> None:
    must, after = (25, 10) if better == "lower" else (10, 25)
    assert verdict(Figure("x", value, "×", must, after, better)) == expected


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("ms", 29, "pass"),
        ("ms", 31, "MISSED"),
        ("s", 20, "reached"),
        ("×", 16, "MISSED"),
        ("MB", 16, "MISSED"),
    ],
)
def test_a_time_is_judged_by_how_fast_the_machine_is(unit: str, value: float, expected: str) -> None:
    assert verdict(Figure("x", value, unit, 15, 10), slow=2.0) == expected


@pytest.mark.parametrize(("value", "expected"), [(51, "pass"), (49, "MISSED"), (100, "reached")])
def test_so_is_a_rate(value: float, expected: str) -> None:
    assert verdict(Figure("x", value, "a second", 100, 200, "higher"), slow=2.0) == expected


def test_a_figure_without_a_must_is_only_reported() -> None:
    assert verdict(Figure("x", 99, "ms", None, 60)) == "-"
    assert verdict(Figure("x", 59, "ms", None, 60)) == "reached"


def test_a_row_shows_the_figure_beside_its_bounds() -> None:
    assert row(Figure("cold match", 3.14159, "×", 25, 10, note="a note")).split() == [
        *("cold", "match", "3.14", "×", "≤", "25", "≤", "10", "reached", "a", "note")
    ]


def test_every_module_with_figures_is_found() -> None:
    assert "topic" in modules()
    assert "figure" not in modules()


def test_an_unknown_name_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nope"]) == 2
    assert "There is no bench nope. There are:" in capsys.readouterr().err
