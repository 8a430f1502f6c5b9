"""The project's files, walked once: those that belong to it, not what a machine or a tool put beside them."""

from __future__ import annotations

import ast
import functools
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", "data", "build", "node_modules", "__pycache__"}
CACHES = ("_cache", ".hypothesis", ".egg-info")
TEXT = {".py", ".js", ".css", ".html", ".toml", ".yaml", ".md", ".txt", ".svg", ".json", ""}


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file of the project, relative to its root, in order."""
    found = []
    for folder, names, inside in os.walk(ROOT):
        names[:] = sorted(
            name
            for name in names
            if name not in NOT_OURS and not name.endswith(CACHES) and name != ".hypothesis"
        )
        found += [(Path(folder) / name).relative_to(ROOT) for name in sorted(inside)]
    return tuple(found)


def ours(*suffixes: str) -> list[Path]:
    """Text that was written here, with one of these suffixes (all, where none is given)."""
    return [
        path
        for path in files()
        if path.suffix in (suffixes or TEXT)
        and path.parts[:2] != ("static", "vendor")
        and path.name != ".git"
    ]


@functools.cache
def text(path: Path) -> str:
    """A file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A Python file as its syntax tree."""
    return ast.parse(text(path), str(path))


def imports(path: Path) -> set[str]:
    """The modules that a Python file imports, anywhere in it, by their whole names."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = list(path.parent.parts[: len(path.parent.parts) - node.level + 1]) if node.level else []
            module = ".".join([*package, *(node.module or "").split(".")]).strip(".")
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found
