"""The bugs that `make soak ARGS="mutants"` plants: each still applies to the source, and is another program."""

from __future__ import annotations

import ast

import pytest

from soak.mutants import caught, disagreeing
from soak.plant import BUGS, Bug, changed

QUICK = (
    "an exclamation mark negates",
    "the newest goes first",
    "prefetch lets one more out",
    "a closed channel keeps its messages",
)


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 40


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_applies_to_the_source(bug: Bug) -> None:
    assert ast.dump(ast.parse(changed(bug))) != ast.dump(ast.parse(bug.file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", QUICK)
def test_a_bug_is_caught(name: str) -> None:
    (bug,) = [one for one in BUGS if one.name == name]
    assert caught(bug, disagreeing(), 1)
