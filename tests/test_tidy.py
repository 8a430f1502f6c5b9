"""The house rules, each as a test over the whole tree."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tree import ROOT, files, imports, ours, parsed, text

LINES_MAX = 400
MADE = ("static/js/sentences.js",)  # by a program, a line for each sentence and rule
FONT_FILES_MAX, FONTS_BYTES_MAX = 2, 70_000

# What the engine may import besides itself. importlib.resources reads its own package data, once, at import.
ENGINE_MAY_IMPORT = {
    "__future__", "abc", "base64", "binascii", "bisect", "calendar", "collections", "copy", "dataclasses",
    "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq",
    "importlib.resources", "io", "itertools", "json", "math", "msgspec", "operator", "pickle", "re", "string",
    "struct", "textwrap", "tomllib", "types", "typing", "unicodedata", "yaml", "zlib",
}  # fmt: skip
ENGINE_MAY_NOT_CALL = {"open", "print", "input", "eval", "exec", "compile", "__import__", "hash", "id"}
WALL_CLOCK = {"now", "utcnow", "today"}  # datetime is there for AMQP's timestamps, which are values
ROOMS = {"engine": set(), "live": {"engine"}, "replay": {"engine"}}


def engine() -> list[Path]:
    return [path for path in ours(".py") if path.parts[:2] == ("mqlab", "engine")]


def outside(names: set[str], allowed: set[str]) -> set[str]:
    """Those names that are neither allowed nor inside something allowed."""
    return {
        name for name in names if not any(name == known or name.startswith(f"{known}.") for known in allowed)
    }


def test_there_is_something_to_check() -> None:
    assert len(engine()) > 10
    assert len(ours(".html")) > 3


def test_the_engine_imports_nothing_that_is_not_pure() -> None:
    wrong = {}
    for path in engine():
        found = outside(imports(path), ENGINE_MAY_IMPORT | {"mqlab.engine", "mqlab.__version__"}) - {
            "importlib",
            "mqlab",
        }
        found |= {name for name in imports(path) if name in ("itertools.count", "io.open")}
        if found:
            wrong[str(path)] = sorted(found)
    assert wrong == {}


def test_the_engine_calls_nothing_that_is_not_pure() -> None:
    wrong = []
    for path in engine():
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call):
                continue
            match node.func:
                case ast.Name(id=name) if name in ENGINE_MAY_NOT_CALL:
                    wrong.append(f"{path}:{node.lineno}: {name}()")
                case ast.Attribute(attr=name) if name in WALL_CLOCK:
                    wrong.append(f"{path}:{node.lineno}: .{name}()")
    assert wrong == []


def test_live_has_no_django() -> None:
    wrong = {
        str(path): sorted(found)
        for path in ours(".py")
        if path.parts[:2] == ("mqlab", "live")
        and (found := {name for name in imports(path) if name.split(".")[0] in ("django", "channels")})
    }
    assert wrong == {}


def test_dependencies_point_one_way() -> None:
    wrong = []
    for path in ours(".py"):
        if path.parts[0] != "mqlab" or len(path.parts) < 3:
            continue
        room = path.parts[1]
        rooms = {name.split(".")[1] for name in imports(path) if name.startswith("mqlab.") and is_room(name)}
        allowed = ROOMS.get(room, {"live", "engine", "replay"}) | {room}
        wrong += [f"{path} imports mqlab.{other}" for other in sorted(rooms - allowed)]
    assert wrong == []


def is_room(name: str) -> bool:
    return (ROOT / "mqlab" / name.split(".")[1]).is_dir()


def test_no_file_is_longer_than_it_should_be() -> None:
    wrong = {
        str(path): lines
        for path in ours(".py", ".js", ".css", ".html", ".md")
        if (lines := len(text(path).splitlines())) > LINES_MAX and str(path) not in MADE
    }
    assert wrong == {}


def test_every_module_says_why_it_exists() -> None:
    wrong = [
        str(path)
        for path in ours(".py")
        if text(path).strip() and "migrations" not in path.parts and not ast.get_docstring(parsed(path))
    ]
    assert wrong == []


def test_every_script_says_why_it_exists() -> None:
    wrong = [str(path) for path in ours(".js") if not text(path).startswith(("//", "/*"))]
    assert wrong == []


def test_nothing_is_left_for_later_in_the_code() -> None:
    words = re.compile(
        r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"]) + r")\b"
    )
    assert list(found(words, ours())) == []


def test_no_template_has_script_or_style_inside_it() -> None:
    inside = re.compile(
        r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|\shx-on|javascript:|<script(?![^>]*\ssrc=)"
        r"|\|\s*safe\b|autoescape off",
        re.IGNORECASE,
    )
    assert list(found(inside, ours(".html"))) == []


def test_no_code_turns_text_into_markup_or_script() -> None:
    sinks = re.compile(
        r"\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\("
        r"|setAttribute\([\"'](style|on\w+)[\"']|mark_safe|format_html_join"
    )
    code = [path for path in ours(".js", ".py") if path.parts[0] != "tests"]
    assert list(found(sinks, code)) == []


def test_no_file_names_this_machine_or_a_registry() -> None:
    places = re.compile(
        r"(?<![\w.])/(work|root|home|Users)/\w"
        r"|py"
        + r"pi\.org|python"
        + r"hosted\.org|registry\.npm"
        + r"js\.org|npm"
        + r"js\.com|deb\.de"
        + r"bian\.org"
        r"|--(extra-)?index" + r"-url"
    )
    assert list(found(places, ours())) == []


def test_pinned_versions_are_names_and_versions_only() -> None:
    lines = text(Path("constraints.txt")).splitlines()
    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_no_file_hides_characters_that_turn_or_vanish() -> None:
    hidden = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f]")
    assert list(found(hidden, [path for path in ours() if path.suffix != ".json"])) == []


def found(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    """Where a pattern occurs, as file, line and text; this file, which spells the patterns, is left out."""
    for path in paths:
        if path == Path("tests/test_tidy.py"):
            continue
        for number, line in enumerate(text(path).splitlines(), 1):
            if match := pattern.search(line):
                yield f"{path}:{number}: {match[0]}"


VENDORED = sorted({Path(*path.parts[:3]) for path in files() if path.parts[:2] == ("static", "vendor")})


@pytest.mark.parametrize("folder", VENDORED, ids=str)
def test_what_others_wrote_carries_its_licence_and_is_unchanged(folder: Path) -> None:
    about = tomllib.loads(text(folder / "VENDOR.toml"))
    assert folder.name == f"{about['name']}-{about['version']}"
    assert about["licence"]
    assert about["source"]
    assert (ROOT / folder / "LICENSE").stat().st_size > 100
    hashes = {
        str(path.relative_to(folder)): hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
        for path in files()
        if folder in path.parents and path.name != "VENDOR.toml"
    }
    assert hashes == about["sha256"]


def test_type_is_few_and_light() -> None:
    fonts = [path for path in files() if path.suffix in (".woff", ".woff2", ".ttf", ".otf")]
    assert len(fonts) <= FONT_FILES_MAX
    assert sum((ROOT / path).stat().st_size for path in fonts) <= FONTS_BYTES_MAX


def test_every_vendored_file_that_a_page_names_is_there() -> None:
    named = {
        match
        for path in ours(".html", ".css", ".js")
        for match in re.findall(r"vendor/([\w.-]+/[\w./-]+\.\w+)", text(path))
    }
    assert named
    assert {name for name in named if not (ROOT / "static" / "vendor" / name).exists()} == set()
