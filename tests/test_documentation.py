"""What can be set, called or reached as a bound is documented, and nothing that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.tree import ours, parsed, text

SETTINGS = Path("docs/settings.md")
LIMITS = Path("docs/limits.md")
VARIABLE = re.compile(r"\bMQLAB_[A-Z_]*[A-Z]\b")


def headings(path: Path) -> set[str]:
    return set(re.findall(r"^#+ `([^`]+)`$", text(path), re.MULTILINE))


def code() -> list[Path]:
    return [path for path in ours(".py", ".toml", ".js", "") if path.parts[0] != "docs"]


def test_every_environment_variable_has_a_heading_and_every_heading_a_variable() -> None:
    used = {name for path in code() for name in VARIABLE.findall(text(path))}
    assert {name for name in headings(SETTINGS) if VARIABLE.fullmatch(name)} == used


def test_every_command_has_a_heading_and_every_heading_a_command() -> None:
    commands = {
        f"manage.py {path.stem}"
        for path in ours(".py")
        if path.parts[-3:-1] == ("management", "commands") and path.stem != "__init__"
    }
    assert {name for name in headings(SETTINGS) if name.startswith("manage.py ")} == commands


def test_every_make_target_is_explained_by_make_itself_and_in_the_documents() -> None:
    makefile = text(Path("Makefile"))
    targets = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split()) - {"help"}  # type: ignore[index]
    for target in targets:
        assert f'@echo "make {target} ' in makefile
        assert f"`make {target}`" in text(SETTINGS)


@pytest.mark.parametrize(
    "path",
    [Path("mqlab/engine/limits.py"), Path("mqlab/live/limits.py"), Path("mqlab/lab/limits.py")],
    ids=str,
)
def test_every_limit_is_in_the_table_of_limits(path: Path) -> None:
    constants = {
        target.id
        for node in parsed(path).body
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.isupper()
    }
    assert constants
    assert {name for name in constants if f"`{name}`" not in text(LIMITS)} == set()


def test_no_limit_is_documented_that_is_not_there() -> None:
    documented = {name for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", text(LIMITS)) if "_" in name}
    code_text = "\n".join(text(path) for path in ours(".py") if path.name == "limits.py")
    assert {name for name in documented if not re.search(rf"^{name}\b", code_text, re.MULTILINE)} == set()


def test_every_path_that_the_readme_names_is_there() -> None:
    named = re.findall(
        r"`((?:mqlab|docs|fixtures|tests|static|templates|bench)/[\w./<>*-]*)`", text(Path("README.md"))
    )
    assert len(named) > 5
    missing = [name for name in named if "<" not in name and "*" not in name and not exists(name)]
    assert missing == []


def exists(name: str) -> bool:
    return any(
        path.as_posix() == name or path.as_posix().startswith(name.rstrip("/") + "/") for path in ours()
    )
