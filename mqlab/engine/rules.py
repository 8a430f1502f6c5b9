"""The rule books of all brokers: what a broker does, in one sentence each, and how we know.

Each broker's folder has a `rules.yaml`. They are read once, when this module is first imported. An event in
which a broker decided names its rule; stories quote it; tests are marked with it.
"""

from __future__ import annotations

from importlib.resources import files

import msgspec
import yaml

CHECKS = ("test", "trace 4.0", "trace 3.10", "broker 3.10", "documented, not observed")
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


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule. `scenario`: the file below fixtures/scenarios/ that shows it; `checked`: out of CHECKS.

    Some rules need a request that no program of a lab makes (a declaration, a get, a wrong tag): instead of a scenario,
    `shown_by` names the test in which a client of the façade makes it.
    """

    id: str
    sentence: str
    versions: str
    source: tuple[Source, ...]
    checked: tuple[str, ...]
    scenario: str = ""
    shown_by: str = ""
    deviations: tuple[str, ...] = ()


def _read() -> dict[str, Rule]:
    """Every rule by its id, book by book and in the order of each; ValueError for a bad book."""
    rules: dict[str, Rule] = {}
    brokers = files("mqlab.engine.brokers")
    for folder in sorted(brokers.iterdir(), key=lambda entry: entry.name):
        book = folder / "rules.yaml"
        if not book.is_file():
            continue
        for rule in msgspec.convert(yaml.load(book.read_bytes(), _FAST_OR_PLAIN), list[Rule]):
            if rule.id in rules or not rule.id.startswith(f"{folder.name}/"):
                raise ValueError(f"{rule.id} is there twice, or in another broker's book")
            rules[rule.id] = rule
    return rules


RULES: dict[str, Rule] = _read()
