"""Plain data as canonical YAML: one way to write each thing, none of which can be misread."""

from __future__ import annotations

import re
from typing import Any

from mqlab.engine.strict_yaml import FALSE, FLOAT, HEXADECIMAL, INTEGER, NO_NUMBER, NULL, OCTAL, TRUE

PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./][A-Za-z0-9_./-]*)*")
SPECIAL = (NULL, TRUE, FALSE, INTEGER, OCTAL, HEXADECIMAL, FLOAT, NO_NUMBER)
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def write(value: dict[str, Any]) -> str:
    """Fields, in their order, two spaces a level."""
    lines: list[str] = []
    _fields(value, 0, lines)
    return "\n".join(lines) + "\n"


def _fields(value: dict[str, Any], indent: int, lines: list[str]) -> None:
    for name, one in value.items():
        _entry(f"{' ' * indent}{text(str(name))}:", one, indent, lines)


def _entry(head: str, value: Any, indent: int, lines: list[str]) -> None:
    """`head value`, where it fits on the line; else the value below."""
    if isinstance(value, dict) and value:
        lines.append(head)
        _fields(value, indent + 2, lines)
    elif isinstance(value, list | tuple) and value:
        if all(not isinstance(one, dict | list | tuple) for one in value):
            lines.append(f"{head} [{', '.join(scalar(one) for one in value)}]")
            return
        lines.append(head)
        for one in value:
            _item(one, indent + 2, lines)
    else:
        lines.append(f"{head} {scalar(value)}")


def _item(value: Any, indent: int, lines: list[str]) -> None:
    """One item of a list; its first field stands beside the dash."""
    if isinstance(value, dict) and value:
        first = len(lines)
        _fields(value, indent + 2, lines)
        lines[first] = f"{' ' * indent}- {lines[first][indent + 2 :]}"
    else:
        _entry(f"{' ' * indent}-", value, indent, lines)


def scalar(value: Any) -> str:
    """What fits on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(int(value))
        case float():
            return repr(value)
        case dict():
            return "{}"
        case list() | tuple():
            return "[]"
        case _:
            return text(str(value))


def text(value: str) -> str:
    """Text, bare where nothing can misread it, else in double quotes."""
    if len(value) < 200 and PLAIN.fullmatch(value) and not any(one.fullmatch(value) for one in SPECIAL):
        return value
    return '"' + "".join(_escaped(char) for char in value) + '"'


def _escaped(char: str) -> str:
    if char in ESCAPES:
        return ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65_536 else f"\\U{code:08x}"
