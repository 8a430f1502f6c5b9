"""What differs between the systems of a comparison, in sentences: who did what with how many messages, and of the first of them
what happened and why. Systems that fared the same are told together."""

from __future__ import annotations

from dataclasses import dataclass

from mqlab.engine.rules import RULES
from mqlab.engine.sentences import text_of
from mqlab.engine.workload import Workload, system
from mqlab.engine.workload.row import Moment, Row
from mqlab.lab.comparison import COLUMNS, COUNTED, SECOND, lab_href, took

NONE = {
    "lost": "lost nothing",
    "duplicated": "did nothing twice",
    "out_of_order": "kept the order of every key",
    "waiting": "finished everything",
}
SOME = {
    "lost": "lost {n} ({all} messages were sent)",
    "duplicated": "did again what was done already {times} ({all} messages were sent)",
    "out_of_order": "handled {n} of {all} messages only after a later one of the same key",
    "waiting": "had {n} of {all} messages not finished when the time was over",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence about systems, and of the event that decided it: what happened, what came before, the rule, the lab."""

    words: str
    said: str = ""
    before: str = ""
    rule: str = ""
    href: str = ""

    @property
    def rule_sentence(self) -> str:
        """The rule in words; "" where there is none."""
        return RULES[self.rule].sentence if self.rule in RULES else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said of one column."""

    title: str
    lines: tuple[Line, ...]


def differences(rows: list[Row], workload: Workload) -> list[Told]:
    """Column by column; of what is the same in all one line."""
    made = [Told(COLUMNS[name], tuple(_counted(name, rows, workload))) for name in COUNTED]
    return [
        *made,
        Told("How long", tuple(_times(rows, workload))),
        Told(COLUMNS["requests"], tuple(_charges(rows))),
    ]


def notes(rows: list[Row], workload: Workload) -> list[tuple[str, str]]:
    """Where a mishap is something else than elsewhere, or nothing: of whom that is true, and what is so."""
    found: dict[str, list[Row]] = {}
    for failure in workload.failures:
        for row in rows:
            one = system(row.system)
            note = one.counterpart(failure) if one is not None else ""
            if note and row not in found.setdefault(note, []):
                found[note].append(row)
    return [(_who(some, rows), note) for note, some in found.items()]


def _counted(name: str, rows: list[Row], workload: Workload) -> list[Line]:
    none = [row for row in rows if row.count(name) == 0]
    lines = [Line(f"{_who(none, rows)} {NONE[name]}.")] if none else []
    for group in _alike([row for row in rows if row.count(name)], name):
        row = group[0]
        n = row.count(name)
        times = ("once", "twice")[n - 1] if n < 3 else f"{n:,} times"
        words = SOME[name].format(n=f"{n:,}", times=times, all=f"{row.messages:,}")
        lines.append(_line(f"{_who(group, rows)} {words}. First", row, row.cells[name].moment, workload))
    return lines


def _line(words: str, row: Row, moment: Moment | None, workload: Workload) -> Line:
    """A sentence that ends with the message of a moment."""
    one = system(row.system)
    assert one is not None
    assert moment is not None
    before = text_of(moment.because)
    if before and moment.since:
        before = f"Before, at {moment.since / SECOND:.2f} s: {before}"
    told = f"{words} {moment.message}, at {moment.t / SECOND:.2f} s:"
    return Line(told, text_of(moment.said), before, moment.rule, lab_href(one, workload, moment))


def _times(rows: list[Row], workload: Workload) -> list[Line]:
    """From the quickest to the slowest, and what held up the slowest of the last."""
    timed = sorted((row for row in rows if "p99" in row.cells), key=lambda row: row.count("p99"))
    lines = []
    for group in _alike(timed, "p99"):
        within = took(group[0].count("p99"))
        lines.append(Line(f"{_who(group, rows)} had 99 of 100 messages handled within {within}."))
    if timed:
        last = timed[-1]
        words = f"With {_who([last], rows)} the slowest of those was"
        lines.append(_line(words, last, last.cells["p99"].moment, workload))
    return lines or [Line("None of them handled a message.")]


def _charges(rows: list[Row]) -> list[Line]:
    free = [row for row in rows if row.dollars is None]
    lines = [Line(f"{_who(free, rows)}: no charge for a request; one pays for the machines.")] if free else []
    for row in rows:
        one = system(row.system)
        if row.dollars is None or one is None or one.charge is None:
            continue
        asked = ", ".join(f"{count:,} {name}" for name, count in row.requests.items())
        price = f"${one.charge.dollars_per_million:.2f} for a million requests ({one.charge.source}, {one.charge.date})"
        lines.append(
            Line(f"{one.title} was asked {sum(row.requests.values()):,} times: {asked}. At {price}.")
        )
    return lines


def _alike(rows: list[Row], name: str) -> list[list[Row]]:
    """Rows that have the same in a column, for the same reason, together."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        cell = row.cells[name]
        groups.setdefault((cell.value, cell.moment and (cell.moment.message, cell.moment.t)), []).append(row)
    return list(groups.values())


def _who(some: list[Row], rows: list[Row]) -> str:
    """Names in a row, with an and."""
    if len(some) == len(rows) > 1:
        return "All of them"
    titles = [found.title for row in some if (found := system(row.system)) is not None]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
