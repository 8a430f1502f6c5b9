"""The rule books of all brokers: what a broker does, in one sentence each, and how we know.

Each broker's folder has a `rules.yaml`. They are read once, when this module is first imported. An event in
which a broker decided names its rule; stories quote it; tests are marked with it.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
import yaml

CHECKS = (
    "test",
    "trace",
    "trace 4.0",
    "trace 3.10",
    "broker 3.10",
    "broker 7.0",
    "trace moto",
    "moto 5.2",
    "documented, not observed",
)
_FAST_OR_PLAIN = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a rule comes from: a page, a file of the broker's own source, or scenarios recorded on real ones.

    `date`: the month in which it was read, or in which the recording came to the project.
    """

    date: str
    page: str = ""
    file: str = ""
    recorded: str = ""

    def __str__(self) -> str:
        where = self.page or self.file or f"recorded: {self.recorded}"
        return f"{where} ({self.date})"


class Moment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `count`-th event of a kind, with these values in its fields: where a scenario shows a rule that no event quotes."""

    event: str
    where: dict[str, str | int | bool] = {}
    count: int = 1


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. `scenario`: the file below fixtures/scenarios/ that shows it, at the first event that quotes the rule, or at
    its `moment`; `checked`: out of CHECKS; `section`: the heading that it stands under.
    """

    id: str
    sentence: str
    versions: str
    source: tuple[Source, ...]
    checked: tuple[str, ...]
    scenario: str
    moment: Moment | None = None
    section: str = ""
    deviations: tuple[str, ...] = ()


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is often said and not so, what is true, and the rules that decide it. `scenario`: a lab that shows it better than
    the first rule's own."""

    says: str
    truth: str
    rules: tuple[str, ...]
    scenario: str = ""


def _claims() -> tuple[Claim, ...]:
    """What textbooks get wrong, broker by broker."""
    books = [folder / "claims.yaml" for folder in _brokers()]
    return tuple(
        claim
        for book in books
        if book.is_file()
        for claim in msgspec.convert(yaml.load(book.read_bytes(), _FAST_OR_PLAIN), list[Claim])
    )


def _brokers() -> list[Traversable]:
    """The brokers' folders, by name."""
    return sorted(files("mqlab.engine.brokers").iterdir(), key=lambda entry: entry.name)


def _read() -> dict[str, Rule]:
    """Every rule by its id, book by book and in the order of each; ValueError for a bad book."""
    rules: dict[str, Rule] = {}
    for folder in _brokers():
        book = folder / "rules.yaml"
        if not book.is_file():
            continue
        section = ""
        for rule in msgspec.convert(yaml.load(book.read_bytes(), _FAST_OR_PLAIN), list[Rule]):
            if rule.id in rules or not rule.id.startswith(f"{folder.name}/"):
                raise ValueError(f"{rule.id} is there twice, or in another broker's book")
            section = rule.section or section
            if not section:
                raise ValueError(f"{rule.id} stands before the first section of its book")
            rules[rule.id] = msgspec.structs.replace(rule, section=section)
    return rules


RULES: dict[str, Rule] = _read()
CLAIMS: tuple[Claim, ...] = _claims()
