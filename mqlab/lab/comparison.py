"""The table of a comparison: a row for each system, a cell for each verdict with the event that decided it, and what differs in
sentences. Made of what the engine says; nothing here judges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from django.urls import reverse

from mqlab.engine.message import message_of
from mqlab.engine.rules import RULES
from mqlab.engine.sentences import Sentence, text_of
from mqlab.engine.workload import System, Workload, stored, system, write
from mqlab.engine.workload.questions import Question
from mqlab.engine.workload.row import Moment, Row
from mqlab.lab.marked import Part, marked

SECOND = 1_000_000
COLUMNS = {
    "lost": "Lost",
    "duplicated": "Handled twice",
    "out_of_order": "Out of order per key",
    "waiting": "Not finished",
    "p50": "Half within",
    "p99": "99 % within",
    "requests": "Requests and their cost",
}
COUNTED = ("lost", "duplicated", "out_of_order", "waiting")
TIMES = ("p50", "p99")
NONE = {
    "lost": "lost nothing",
    "duplicated": "did nothing twice",
    "out_of_order": "kept the order of every key",
    "waiting": "finished everything",
}
SOME = {
    "lost": "lost {n}",
    "duplicated": "did {n} twice",
    "out_of_order": "handled {n} out of order",
    "waiting": "had {n} not finished when the time was over",
}


@dataclass(frozen=True, slots=True)
class CellShown:
    """A cell of the table. `href`: the lab at the moment that decided it; `says`: what happened there."""

    name: str
    text: str
    href: str = ""
    says: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class RowShown:
    """One system's line of the table, and what stands beside it. `right`: whether what one said of it came true."""

    id: str
    title: str
    promise: tuple[Part, ...]
    href: str
    cells: tuple[CellShown, ...]
    handled: str
    notes: tuple[str, ...]
    stopped: str
    holds: bool = False
    guessed: bool = False

    @property
    def right(self) -> bool:
        """Whether one said of it what is so."""
        return self.holds == self.guessed


@dataclass(frozen=True, slots=True)
class Told:
    """What differs in one column: sentences about groups of systems, and of some the event that decided."""

    title: str
    lines: tuple[tuple[str, str, str, str, str], ...]  # words, what happened, why, rule, href


def shown(
    rows: Iterable[Row], workload: Workload, asked: Question | None, guess: Iterable[str]
) -> list[RowShown]:
    """The table's lines."""
    guessed = set(guess)
    made = []
    for row in rows:
        one = system(row.system)
        assert one is not None
        notes = dict.fromkeys(note for failure in workload.failures if (note := one.counterpart(failure)))
        made.append(
            RowShown(
                one.id,
                one.title,
                marked(one.promise),
                lab_href(one, workload),
                tuple(_cell(name, row, one, workload) for name in COLUMNS),
                f"{row.handled:,} of {row.messages:,}",
                tuple(notes),
                row.stopped and f"Its recording was full at {row.end_us / SECOND:.1f} s: {row.stopped}",
                asked is not None and asked.holds(row),
                one.id in guessed,
            )
        )
    return made


def lab_href(one: System, workload: Workload, moment: Moment | None = None) -> str:
    """The lab of this workload on a system; at a moment, with its message."""
    text = write(workload)
    address = reverse("lab:compared", args=[one.id]) + (f"?{text}" if text else "")
    if moment is None:
        return address
    acts = stored(one, workload)
    future = acts[-1].id if acts else "0"
    return f"{address}#{urlencode({'t': moment.t / SECOND, 'm': message_of(moment.message), 'f': future})}"


def _cell(name: str, row: Row, one: System, workload: Workload) -> CellShown:
    cell = row.cells.get(name)
    if cell is None:
        return CellShown(name, cost(row) if name == "requests" else "none handled")
    moment = _seen_at_the_end(row, cell.moment) if name == "waiting" else cell.moment
    text = took(cell.value) if name in TIMES else cost(row) if name == "requests" else f"{cell.value:,}"
    href = lab_href(one, workload, moment) if moment else ""
    return CellShown(
        name, text, href, text_of(moment.said) if moment else "", name in COUNTED and cell.value > 0
    )


def _seen_at_the_end(row: Row, moment: Moment | None) -> Moment | None:
    """What is not finished is looked at when the time is over: there the lab says where it is, and why."""
    return moment and msgspec.structs.replace(moment, t=row.end_us)


def took(us: int) -> str:
    """A time, in the unit that suits it."""
    if us < 1_000:
        return f"{us} µs"
    return f"{us / 1_000:,.0f} ms" if us < SECOND else f"{us / SECOND:.2f} s"


def cost(row: Row) -> str:
    """Requests in money: as they are, and for a million messages."""
    if row.dollars is None:
        return "no charge per request"
    asked = sum(row.requests.values())
    each = f", ${row.dollars / row.handled * 1_000_000:,.2f} for a million messages" if row.handled else ""
    return f"{asked:,}: ${row.dollars:.7f}{each}"


def differences(rows: list[Row], workload: Workload) -> list[Told]:
    """What differs, column by column; of what is the same in all one line."""
    made = [_told(name, rows, workload) for name in COUNTED]
    return [*made, _slowest(rows, workload), _charged(rows)]


def _told(name: str, rows: list[Row], workload: Workload) -> Told:
    counts = {row.system: row.count(name) for row in rows}
    none = [one for one, count in counts.items() if count == 0]
    lines = []
    if none:
        who = "All of them" if len(none) == len(rows) else _titles(none)
        lines.append((f"{who} {NONE[name]}.", "", "", "", ""))
    for row in rows:
        count = counts[row.system]
        if count == 0:
            continue
        words = f"{_titles([row.system])} {SOME[name].format(n=f'{count:,} of {row.messages:,}')}"
        lines.append(_line(words, row, row.cells[name].moment, workload))
    return Told(COLUMNS[name], tuple(lines))


def _line(words: str, row: Row, moment: Moment | None, workload: Workload) -> tuple[str, str, str, str, str]:
    if moment is None:
        return f"{words}.", "", "", "", ""
    one = system(row.system)
    assert one is not None
    if moment is row.cells["waiting"].moment:
        words += f"; first {moment.message}. What last befell it, at {moment.t / SECOND:.2f} s:"
    else:
        words += f"; first {moment.message}, at {moment.t / SECOND:.2f} s."
    href = lab_href(one, workload, moment)
    return words, text_of(moment.said), _because(moment.because), moment.rule, href


def _because(sentence: Sentence) -> str:
    return text_of(sentence)


def _slowest(rows: list[Row], workload: Workload) -> Told:
    """Who was quickest for the slowest, and who was not, with what held that message up."""
    timed = sorted((row for row in rows if "p99" in row.cells), key=lambda row: row.count("p99"))
    if not timed:
        return Told("How long", (("None of them handled a message.", "", "", "", ""),))
    lines = [
        _line(
            f"{_titles([row.system])} had 99 of 100 messages handled within {took(row.count('p99'))}",
            row,
            None,
            workload,
        )
        for row in timed
    ]
    last = timed[-1]
    lines[-1] = _line(lines[-1][0].rstrip("."), last, last.cells["p99"].moment, workload)
    words = lines[-1][0].replace("; first", "; the slowest of those was")
    return Told("How long", (*lines[:-1], (words, *lines[-1][1:])))


def _charged(rows: list[Row]) -> Told:
    free = [row.system for row in rows if row.dollars is None]
    who = "All of them" if len(free) == len(rows) else _titles(free)
    lines = (
        [(f"{who} charge nothing for a request: one pays for the machines.", "", "", "", "")] if free else []
    )
    for row in rows:
        one = system(row.system)
        if row.dollars is None or one is None or one.charge is None:
            continue
        asked = ", ".join(f"{count:,} {name}" for name, count in row.requests.items())
        price = f"${one.charge.dollars_per_million:.2f} for a million requests ({one.charge.source}, {one.charge.date})"
        lines.append(
            (
                f"{one.title} was asked {sum(row.requests.values()):,} times: {asked}. At {price}.",
                "",
                "",
                "",
                "",
            )
        )
    return Told(COLUMNS["requests"], tuple(lines))


def _titles(ids: list[str]) -> str:
    """Names in a row, with an and."""
    titles = [found.title for one in ids if (found := system(one)) is not None]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def rule_sentence(rule: str) -> str:
    """A rule in words; "" where there is none."""
    return RULES[rule].sentence if rule in RULES else ""
