"""YAML without its traps: text in, plain nodes with line and column out.

PyYAML only finds the tokens; what they mean is decided here. Scalars follow the YAML 1.2 core schema, so
`on`, `yes` and `12:30` are text. Anchors, aliases, tags, merge keys, duplicate keys, directives and a second
document are refused. Depth is looked at before anything is built, so no text can exhaust the stack.
Source: YAML 1.2.2, §10.3 (core schema).
"""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec
import yaml

from mqlab.engine import limits

NULL = re.compile(r"null|Null|NULL|~|")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
NUMBERS = (INTEGER, OCTAL, HEXADECIMAL, FLOAT)
DIGITS_MAX = 40
UNFIT = re.compile("[\0\ud800-\udfff]")

Key = tuple[str, int, int]
"""A field's name, and where it stands: line and column, from 1."""


class Node(msgspec.Struct):
    """A value and where it stands (from 1; 0: it was not read from a text)."""

    line: int
    column: int


class Scalar(Node):
    """null, true, false, a number or text; `written`: as it stands in the file."""

    value: bool | int | float | str | None
    written: str


class Sequence(Node):
    """A list."""

    items: list[Node]


class Mapping(Node):
    """Fields in the order of the file; `keys` says where each name stands."""

    fields: dict[str, Node]
    keys: dict[str, Key]


class Unreadable(Exception):
    """The text is not what this reader takes: where, what was expected, what came instead."""

    def __init__(self, line: int, column: int, expected: str, came: str) -> None:
        super().__init__(f"line {line}, column {column}: expected {expected}, got {came}")
        self.line = line
        self.column = column
        self.expected = expected
        self.came = came


def read(text: str) -> Node:
    """The text's one document. Raises Unreadable."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limits.SCENARIO_BYTES_MAX:
        raise Unreadable(1, 1, f"at most {limits.SCENARIO_BYTES_MAX:,} bytes", f"{size:,}")
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Unreadable(line, column, "valid YAML", f"a mistake ({error.problem})") from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        raise Unreadable(line, column, "text", f"the character U+{ord(text[error.position]):04X}") from None
    if builder.root is None:
        raise Unreadable(1, 1, "a scenario", "an empty text")
    return builder.root


def of_plain(value: Any) -> Node:
    """Plain Python data as nodes that stand nowhere. Raises Unreadable for what is too deep or is none."""
    return _plain(value, 0)


def _plain(value: Any, depth: int) -> Node:
    if depth > limits.SCENARIO_DEPTH_MAX:
        raise _too_deep(0, 0)
    match value:
        case dict():
            fields = {_fit(str(name), 0, 0): _plain(one, depth + 1) for name, one in value.items()}
            return Mapping(0, 0, fields, {name: (name, 0, 0) for name in fields})
        case list() | tuple():
            return Sequence(0, 0, [_plain(one, depth + 1) for one in value])
        case str():
            return Scalar(0, 0, _fit(value, 0, 0), value)
        case None | bool() | int() | float() if not isinstance(value, float) or math.isfinite(value):
            return Scalar(0, 0, value, str(value).lower() if isinstance(value, bool) else str(value))
        case _:
            raise Unreadable(0, 0, "a value that a file can have", str(value)[:40])


def _too_deep(line: int, column: int) -> Unreadable:
    return Unreadable(line, column, f"at most {limits.SCENARIO_DEPTH_MAX} levels of nesting", "a deeper one")


def _fit(text: str, line: int, column: int) -> str:
    unfit = UNFIT.search(text)
    if unfit is not None:
        raise Unreadable(line, column, "text without NUL and lone surrogates", f"U+{ord(unfit[0]):04X}")
    return text


class _Builder:
    """Builds the document, one parser event at a time; `open` holds the unfinished lists and mappings."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Sequence | Mapping] = []
        self.pending: list[Key | None] = []  # the key that waits for its value, for each open one
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        """One event of PyYAML's parser."""
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        anchor, tag = str(getattr(event, "anchor", None) or ""), str(getattr(event, "tag", None) or "")
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(line, column, "a value", f"the alias *{anchor[:40]} (write the value out)")
        if anchor:
            raise Unreadable(line, column, "a value", f"the anchor &{anchor[:40]} (write the value out)")
        if tag:
            raise Unreadable(line, column, "a value without a tag", tag[:40])
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise Unreadable(line, column, "one document", "a second one")
                if event.version or event.tags:
                    raise Unreadable(line, column, "no % directives", "one")
            case yaml.ScalarEvent():
                self._scalar(event, line, column)
            case yaml.SequenceStartEvent():
                self._begin(Sequence(line, column, []))
            case yaml.MappingStartEvent():
                self._begin(Mapping(line, column, {}, {}))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self.open.pop()
                self.pending.pop()

    def _scalar(self, event: yaml.ScalarEvent, line: int, column: int) -> None:
        text = _fit(event.value, line, column)
        value = text if event.style else _plain_value(text, line, column)
        top = self.open[-1] if self.open else None
        if isinstance(top, Mapping) and self.pending[-1] is None:
            if not event.style and text == "<<":
                raise Unreadable(line, column, "a field's name", "the merge key << (write the fields out)")
            if not isinstance(value, str):
                raise Unreadable(
                    line, column, "a field's name", f"{text or 'nothing'} (a name like this needs quotes)"
                )
            if text in top.fields:
                first = top.keys[text][1]
                raise Unreadable(line, column, "each field once", f"{text[:40]} again, as in line {first}")
            self.pending[-1] = (text, line, column)
        else:
            self._put(Scalar(line, column, value, text))

    def _begin(self, node: Sequence | Mapping) -> None:
        if len(self.open) >= limits.SCENARIO_DEPTH_MAX:
            raise _too_deep(node.line, node.column)
        self._put(node)
        self.open.append(node)
        self.pending.append(None)

    def _put(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        if isinstance(top, Sequence):
            top.items.append(node)
            return
        assert isinstance(top, Mapping)
        key = self.pending[-1]
        if key is None:
            raise Unreadable(node.line, node.column, "a field's name", "a list or fields")
        top.fields[key[0]] = node
        top.keys[key[0]] = key
        self.pending[-1] = None


def _plain_value(text: str, line: int, column: int) -> bool | int | float | str | None:
    """What a scalar without quotes means."""
    if NULL.fullmatch(text):
        return None
    if TRUE.fullmatch(text) or FALSE.fullmatch(text):
        return text[0] in "tT"
    if not any(kind.fullmatch(text) for kind in NUMBERS):
        if NO_NUMBER.fullmatch(text):
            raise Unreadable(line, column, "a finite number", text)
        return text
    if len(text) > DIGITS_MAX:
        raise Unreadable(
            line, column, f"a number of at most {DIGITS_MAX} characters", f"one of {len(text):,}"
        )
    if INTEGER.fullmatch(text):
        return int(text)
    if text.startswith(("0o", "0x")):
        return int(text[2:], 8 if text[1] == "o" else 16)
    value = float(text)
    if not math.isfinite(value):
        raise Unreadable(line, column, "a number that is not this large", text)
    return value
