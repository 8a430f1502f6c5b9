"""Ready-made questions: a workload, and which of the systems come out of it in a certain way. Nobody writes the answers down: the
engine's own verdicts decide them, so that a broker that joins is judged like the others.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import yaml

from mqlab.engine.workload.row import Row
from mqlab.engine.workload.text import pairs, read
from mqlab.engine.workload.workload import Workload


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`which`: what is asked, of the systems. True of one whose column `about` has something in it (`some`), or has nothing.
    `undone`: not handled, whether lost or not.
    `why`: what is to be learnt, told once one has answered. `workload`: as an address has it."""

    slug: str
    which: str
    tells: str
    workload: str
    about: Literal["lost", "duplicated", "out_of_order", "waiting", "undone", "requests"]
    some: bool
    why: str

    @property
    def task(self) -> Workload:
        """The workload that decides it."""
        return read(pairs(self.workload))

    def holds(self, row: Row) -> bool:
        """Whether it is true of this system."""
        return (self.value(row) > 0) == self.some

    def value(self, row: Row) -> int:
        """What this system has in the column that is asked about."""
        if self.about == "requests":
            return sum(row.requests.values()) if row.dollars is not None else 0
        if self.about == "undone":
            return row.messages - row.handled
        return row.count(self.about)


@cache
def questions() -> tuple[Question, ...]:
    """All there are."""
    book = files("mqlab.engine.workload").joinpath("questions.yaml").read_bytes()
    return msgspec.convert(yaml.safe_load(book), tuple[Question, ...])


def question(slug: str) -> Question | None:
    """The one of this name, or None."""
    return next((one for one in questions() if one.slug == slug), None)
