"""The rule book: each rule has its sentence, source, proof and test, and the engine names no other."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mqlab.engine.rules import CHECKS, RULES, Rule
from tests.tree import ROOT, ours, parsed

SCENARIOS = ROOT / "fixtures" / "scenarios"
KINDS = {rule.split("/")[0] for rule in RULES}
VERSIONS = {"rabbitmq": {"3.10", "4.0", "4.3"}, "redis": {"7.0", "8.0"}, "sqs": {"2026"}}

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def strings(path: Path) -> Iterator[str]:
    """Every string literal of a file that has the form of a rule's name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            kind, _, name = node.value.partition("/")
            if kind in KINDS and re.fullmatch(r"[a-z0-9-]+", name):
                yield node.value


def marked(path: Path) -> Iterator[str]:
    """The rules that the tests of a file are marked with."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            for argument in node.args:
                assert isinstance(argument, ast.Constant), (
                    f"{path}: a rule is named in full where it marks a test"
                )
                yield argument.value


def marks(test: ast.FunctionDef) -> Iterator[ast.expr]:
    """The arguments of the rule marks of one test."""
    for node in test.decorator_list:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            yield from node.args


@functools.cache
def emitted() -> set[str]:
    return {name for path in ours(".py") if path.parts[:2] == ("mqlab", "engine") for name in strings(path)}


@functools.cache
def proven() -> set[str]:
    return {name for path in ours(".py") if path.parts[0] == "tests" for name in marked(path)}


def test_there_is_a_book() -> None:
    assert len(RULES) >= 70


@every_rule
def test_each_rule_is_one_sentence(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z].{20,200}\.", rule.sentence), rule.sentence
    assert not re.search(r"[.!?] [A-Z]", rule.sentence), "one sentence, not two"


@every_rule
def test_each_rule_says_for_which_versions_it_holds(rule: Rule) -> None:
    versions = rule.versions.split(", ")
    assert versions
    assert set(versions) <= VERSIONS[rule.id.split("/")[0]]
    assert versions == sorted(set(versions), key=lambda version: [int(part) for part in version.split(".")])


@every_rule
def test_each_rule_has_a_dated_source(rule: Rule) -> None:
    assert rule.source
    for source in rule.source:
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", source.date)
        assert len([where for where in (source.page, source.file, source.recorded) if where]) == 1


@every_rule
def test_each_rule_says_how_it_was_checked(rule: Rule) -> None:
    assert "test" in rule.checked
    assert set(rule.checked) <= set(CHECKS)
    observed = {check for check in rule.checked if check != "test" and "not observed" not in check}
    assert observed or "documented, not observed" in rule.checked
    assert any(check.startswith("trace") for check in observed) == any(
        source.recorded for source in rule.source
    )


@every_rule
def test_each_rule_has_a_scenario(rule: Rule) -> None:
    """That it does show it is tested in test_rule_scenarios.py."""
    assert (SCENARIOS / f"{rule.scenario}.yaml").is_file()


@every_rule
def test_each_rule_has_a_test_of_its_own(rule: Rule) -> None:
    assert rule.id in proven()


def test_the_engine_names_no_rule_that_is_not_in_the_book() -> None:
    assert sorted(emitted() - RULES.keys()) == []


def test_no_test_is_marked_with_a_rule_that_is_not_in_the_book() -> None:
    assert sorted(proven() - RULES.keys()) == []
