"""Every package that mqlab or its tests bring along is pinned, to the version that is installed here."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree import text


def pinned() -> dict[str, str]:
    lines = (line.split("==") for line in text(Path("constraints.txt")).splitlines())
    return {canonicalize_name(name): version for name, version in lines}


def closure(asked: list[str]) -> dict[str, str]:
    """Everything these requirements lead to on this machine, with the version installed."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(one), "") for one in asked]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        installed = distribution(name)
        found[name] = installed.version
        assert requirement.specifier.contains(installed.version, prereleases=True), (
            f"{requirement} is not met"
        )
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                waiting += [(Requirement(line), wanted) for line in installed.requires or []]
    return found


def asked() -> list[str]:
    project = tomllib.loads(text(Path("pyproject.toml")))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["test"]]


def test_what_is_installed_is_what_is_pinned() -> None:
    pins = pinned()
    assert {name: version for name, version in closure(asked()).items() if pins.get(name) != version} == {}


def test_nothing_is_pinned_that_nobody_brings_along() -> None:
    elsewhere = {"colorama", "tzdata"}  # on Windows
    assert set(pinned()) - set(closure(asked())) - elsewhere == set()


def test_a_package_that_is_missing_is_noticed() -> None:
    with pytest.raises(PackageNotFoundError):
        closure(["mqlab-has-no-such-dependency"])
