"""The small drawings of the gallery."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from mqlab.lab import catalogue
from mqlab.lab.outline import LinkRow, NodeRow
from mqlab.lab.sketch import HEIGHT, WIDTH, Sketch, drawn


def nodes(**of: int) -> tuple[NodeRow, ...]:
    return tuple(NodeRow(f"{what}-{n}", what, ()) for what, count in of.items() for n in range(count))


def corners(sketch: Sketch) -> list[tuple[float, float]]:
    """Where each body begins, which is at its left."""
    return [(float(x), float(y)) for x, y in re.findall(r"M([-\d.]+) ([-\d.]+)", sketch.bodies)]


def test_each_kind_stands_in_its_column_along_the_flow() -> None:
    both = drawn(
        nodes(consumer=2, queue=1, exchange=1, producer=1, broker=1),
        (LinkRow("publish", "producer-0", "exchange-0", ""),),
    )
    xs = [x for x, _ in corners(both)]
    assert len(xs) == 5  # the broker is the paper
    assert xs == sorted(xs)
    assert xs[3] == xs[4]


def test_an_exchange_that_nothing_goes_through_is_left_out_and_a_consumer_that_waits_is_not() -> None:
    assert (
        len(corners(drawn(nodes(exchange=2, consumer=1), (LinkRow("binding", "exchange-0", "q", ""),)))) == 2
    )


def test_dead_letters_go_a_dashed_way_and_a_line_to_nowhere_is_not_drawn() -> None:
    links = (
        LinkRow("binding", "exchange-0", "queue-0", "a"),
        LinkRow("binding", "exchange-0", "queue-0", "b"),
        LinkRow("dead_letter", "queue-0", "exchange-0", ""),
        LinkRow("binding", "exchange-0", "elsewhere", ""),
    )
    sketch = drawn(nodes(exchange=1, queue=1), links)
    assert (sketch.lines.count("M"), sketch.dashed.count("M")) == (1, 1)


@pytest.mark.parametrize("count", [1, 5, 40])
def test_any_number_of_nodes_stays_on_the_paper_and_apart(count: int) -> None:
    sketch = drawn(nodes(producer=1, queue=count), ())
    ys = [y for _, y in corners(sketch)][1:]
    height = min(float(one) for one in re.findall(r"v([\d.]+)", sketch.bodies))
    assert all(y > 0 and y + height < HEIGHT for y in ys)
    assert all(later - sooner > height for sooner, later in pairwise(ys))
    assert all(0 < x < WIDTH for x, _ in corners(sketch))


def test_every_lab_of_the_gallery_has_one() -> None:
    assert len({entry.sketch.bodies for entry in catalogue.shown()}) > 5
