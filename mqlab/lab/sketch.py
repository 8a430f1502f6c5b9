"""A lab as a small drawing for the gallery: its nodes in columns along the flow, with the lines between them, without words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mqlab.lab.outline import LinkRow, NodeRow, outline

WIDTH, HEIGHT = 240, 76
"""Of the drawing, in its own units."""
EDGE = 14
SIZE_MAX = (
    13.0  # of a node, from its middle to its top and bottom twice over; smaller where many stand in a column
)
COLUMNS = {"producer": 0, "client": 0, "queue": 2, "consumer": 3}
"""Where a kind of node stands; one that is not here passes on what it gets, as an exchange does."""
PASSES_ON = 1
LEFT_OUT = {"you", "broker"}


@dataclass(frozen=True, slots=True)
class Sketch:
    """SVG path data: what is drawn as a whole line, as a dashed one, and as a body."""

    lines: str
    dashed: str
    bodies: str
    size: tuple[int, int] = (WIDTH, HEIGHT)


@lru_cache(maxsize=256)
def sketch(text: str) -> Sketch:
    """Of this scenario file. Raises scenario.ScenarioError."""
    read = outline(text)
    return drawn(read.nodes, read.links)


def drawn(nodes: tuple[NodeRow, ...], links: tuple[LinkRow, ...]) -> Sketch:
    """These nodes and links."""
    linked = {end for link in links for end in (link.source, link.target)}
    columns: dict[int, list[NodeRow]] = {}
    for node in nodes:
        column = COLUMNS.get(node.what, PASSES_ON)
        if node.what not in LEFT_OUT and (column != PASSES_ON or node.name in linked):
            columns.setdefault(column, []).append(node)
    places: dict[str, tuple[float, float]] = {}
    size = min([SIZE_MAX, *((HEIGHT - EDGE) / len(column) * 0.7 for column in columns.values())])
    bodies = []
    for at, (_, column) in enumerate(sorted(columns.items())):
        x = EDGE * 1.5 + (WIDTH - EDGE * 3) * (at / (len(columns) - 1) if len(columns) > 1 else 0.5)
        for n, node in enumerate(column):
            y = HEIGHT * (n + 1) / (len(column) + 1)
            places[node.name] = (x, y)
            bodies.append(_body(node.what, x, y, size))
    lines: dict[bool, dict[str, None]] = {False: {}, True: {}}
    for link in links:
        if link.source in places and link.target in places:
            aside = link.what in ("dead_letter", "alternate")
            lines[aside][_line(places[link.source], places[link.target], size)] = None
    return Sketch("".join(lines[False]), "".join(lines[True]), "".join(bodies))


def _body(what: str, x: float, y: float, size: float) -> str:
    """Its outline as in the lab: a program is a tag, a queue a long box, a consumer a circle, and all else a hexagon."""
    h = size / 2
    if what == "queue":
        return f"M{x - size * 1.3:.1f} {y - h:.1f}h{size * 2.6:.1f}v{size:.1f}h{-size * 2.6:.1f}z"
    if what == "consumer":
        return f"M{x - h:.1f} {y:.1f}a{h:.1f} {h:.1f} 0 1 0 {size:.1f} 0a{h:.1f} {h:.1f} 0 1 0 {-size:.1f} 0z"
    if COLUMNS.get(what) == 0:
        return f"M{x - size * 0.8:.1f} {y - h:.1f}h{size:.1f}l{h:.1f} {h:.1f}l{-h:.1f} {h:.1f}h{-size:.1f}z"
    tip, side = h * 0.6, size * 0.8
    return f"M{x - tip - side / 2:.1f} {y:.1f}l{tip:.1f} {-h:.1f}h{side:.1f}l{tip:.1f} {h:.1f}l{-tip:.1f} {h:.1f}h{-side:.1f}z"


def _line(source: tuple[float, float], target: tuple[float, float], size: float) -> str:
    """A swing from one node to another; the bodies are drawn over its ends."""
    (x0, y0), (x1, y1) = source, target
    if x0 == x1:  # within a column: round its side
        return (
            f"M{x0:.1f} {y0:.1f}C{x0 + size * 3:.1f} {y0:.1f} {x1 + size * 3:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        )
    middle = (x0 + x1) / 2
    return f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
