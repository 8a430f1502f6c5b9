"""One value of a scenario file, and the questions a reader asks it. A wrong answer is a ScenarioError."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mqlab.engine import limits
from mqlab.engine.scenario.error import ScenarioError, listed, nearest, shown
from mqlab.engine.strict_yaml import Mapping, Node, Scalar, Sequence, Unreadable, of_plain, read

T = TypeVar("T")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
INT64 = 2**63


class Place:
    """A node of the file with its path (`programs.web.rate`)."""

    __slots__ = ("file", "node", "path")

    def __init__(self, node: Node, path: str, file: str) -> None:
        self.node = node
        self.path = path
        self.file = file

    def error(self, expected: str, came: str = "", near: str = "") -> ScenarioError:
        """This value is wrong. `came`: what it is, where that is not the value itself."""
        return ScenarioError(
            self.file, self.node.line, self.node.column, self.path, expected, came or self.came, near
        )

    @property
    def came(self) -> str:
        """What stands here, in words."""
        match self.node:
            case Mapping(fields=fields):
                return "fields" if fields else "no fields"
            case Sequence(items=items):
                return "a list" if items else "an empty list"
            case Scalar(value=None):
                return "nothing"
            case Scalar(value=str(text)):
                return shown(text)
            case Scalar(value=bool(), written=written):
                return written
            case Scalar(written=written):
                return f"the number {written[:40]}"
        return "something else"

    @property
    def absent(self) -> bool:
        """Whether null stands here."""
        return isinstance(self.node, Scalar) and self.node.value is None

    @property
    def is_list(self) -> bool:
        """Whether a list stands here."""
        return isinstance(self.node, Sequence)

    # --- scalars ---

    def _value(self) -> bool | int | float | str | None:
        return self.node.value if isinstance(self.node, Scalar) else None

    def text(self, at_most: int = limits.NAME_BYTES_MAX, *, at_least: int = 0, what: str = "text") -> str:
        """Text of so many bytes (UTF-8)."""
        value = self._value()
        if not isinstance(value, str):
            quotes = " (put it in quotes)" if isinstance(value, int | float) else ""
            raise self.error(f"{what}{quotes}")
        size = len(value.encode())
        if size > at_most:
            raise self.error(f"{what} of at most {at_most:,} bytes", f"{size:,} bytes")
        if size < at_least:
            raise self.error(what, "an empty one")
        return value

    def name(self) -> str:
        """Text that can name something: not empty, no control characters."""
        return fit_name(self, self.text(at_least=1, what="a name"))

    def truth(self) -> bool:
        """true or false."""
        value = self._value()
        if not isinstance(value, bool):
            raise self.error("true or false")
        return value

    def integer(self, low: int, high: int) -> int:
        """A whole number in this range."""
        value = self._value()
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(str(low) if low == high else f"a whole number {_range(low, high)}")
        return value

    def number(self, low: float, high: float) -> float:
        """A number in this range; an int where it is whole."""
        value = self._value()
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(f"a number {_range(low, high)}")
        return int(value) if value == int(value) else value

    def us(self, low_ms: float = 0, high_ms: float = limits.DURATION_MS_MAX) -> int:
        """Milliseconds, as µs."""
        value = self._value()
        if isinstance(value, bool) or not isinstance(value, int | float) or not low_ms <= value <= high_ms:
            raise self.error(f"milliseconds {_range(low_ms, high_ms)}")
        return round(value * 1000)

    def choice(self, options: Iterable[str]) -> str:
        """One of these words."""
        options = list(options)
        value = self._value()
        if not isinstance(value, str) or value not in options:
            written = self.node.written if isinstance(self.node, Scalar) else ""
            near = nearest(written, options)
            bare = near == written and not isinstance(value, str)
            raise self.error(listed(options), near=f"{near} in quotes" if bare else near)
        return value

    def known(self, names: Iterable[str], what: str) -> str:
        """The name of something that this scenario has."""
        names = list(names)
        value = self.text(what=f"the name of {what}")
        if value not in names:
            raise self.error(f"{what}: {listed(names)}", near=nearest(value, names))
        return value

    # --- lists and fields ---

    def items(self, at_most: int, what: str = "a list") -> list[Place]:
        """The places of a list."""
        if not isinstance(self.node, Sequence):
            raise self.error(what)
        if len(self.node.items) > at_most:
            raise self.error(f"{what} of at most {at_most:,}", f"{len(self.node.items):,}")
        return [Place(node, f"{self.path}[{index}]", self.file) for index, node in enumerate(self.node.items)]

    def entries(self, at_most: int, what: str = "names with their fields") -> dict[str, Place]:
        """The places of a mapping with free names."""
        if not isinstance(self.node, Mapping):
            raise self.error(what)
        if len(self.node.fields) > at_most:
            raise self.error(f"at most {at_most:,} entries", f"{len(self.node.fields):,}")
        return {name: Place(node, self._below(name), self.file) for name, node in self.node.fields.items()}

    def named(self, at_most: int) -> dict[str, Place]:
        """As entries, and each name can name something."""
        entries = self.entries(at_most)
        for name in entries:
            place = self.key(name)
            if not name:
                raise place.error("a name", "an empty one")
            if len(name.encode()) > limits.NAME_BYTES_MAX:
                raise place.error(
                    f"a name of at most {limits.NAME_BYTES_MAX} bytes", f"{len(name.encode()):,} bytes"
                )
            fit_name(place, name)
        return entries

    def key(self, name: str) -> Place:
        """Where the name of an entry stands."""
        assert isinstance(self.node, Mapping)
        _, line, column = self.node.keys[name]
        return Place(Scalar(line, column, name, name), self._below(name), self.file)

    def fields(self, *known: str) -> Fields:
        """Its fields, all of which must be known."""
        entries = self.entries(1_000, f"fields ({listed(known)})")
        for name in entries:
            if name not in known:
                raise Place(self.key(name).node, self.path, self.file).error(
                    f"a field named {listed(known, 20)}", near=nearest(name, known)
                )
        return Fields(self, entries)

    def _below(self, name: str) -> str:
        plain = name[:60] if CONTROL.search(name) is None else shown(name)
        return f"{self.path}.{plain}" if self.path else plain

    def plain(self) -> Any:
        """Free data, as headers and arguments carry it: numbers, text, true, false, null, lists, tables."""
        match self.node:
            case Mapping():
                return {name: place.plain() for name, place in self.named(limits.HEADERS_MAX).items()}
            case Sequence():
                return [place.plain() for place in self.items(limits.HEADERS_MAX)]
            case Scalar(value=str()):
                return self.text(limits.BODY_BYTES_MAX)
            case Scalar(value=int(value)) if not -INT64 <= value < INT64:
                raise self.error("a whole number of 64 bits")
            case Scalar(value=value):
                return value
        raise self.error("a value")


class Fields:
    """The fields of one mapping, read by name."""

    __slots__ = ("_entries", "place")

    def __init__(self, place: Place, entries: dict[str, Place]) -> None:
        self.place = place
        self._entries = entries

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def need(self, name: str) -> Place:
        """A field that must be there."""
        place = self._entries.get(name)
        if place is None:
            raise self.place.error(f"the field {name}", "none")
        return place

    def get(self, name: str, read: Callable[[Place], T], default: T) -> T:
        """A field that may be left out."""
        place = self._entries.get(name)
        return default if place is None else read(place)

    def maybe(self, name: str, read: Callable[[Place], T], default: T) -> T:
        """A field that may be left out or null."""
        place = self._entries.get(name)
        return default if place is None or place.absent else read(place)

    def truth(self, name: str, default: bool) -> bool:
        """A field that is true or false."""
        return self.get(name, Place.truth, default)

    def one(self, what: str) -> tuple[str, Place]:
        """The only field, of several that exclude one another."""
        if len(self._entries) != 1:
            raise self.place.error(f"exactly one of {what}", " and ".join(self._entries) or "none")
        return next(iter(self._entries.items()))


def _range(low: float, high: float) -> str:
    return f"from {_said(low)} to {_said(high)}"


def _said(bound: float) -> str:
    return f"{bound:,}" if bound < 2**40 else str(bound)


def ms(us: int) -> int | float:
    """µs as the milliseconds of a file."""
    return us // 1000 if us % 1000 == 0 else us / 1000


def fit_name(place: Place, name: str) -> str:
    """Raises where a name has control characters."""
    if CONTROL.search(name) is not None:
        raise place.error("a name without control characters")
    return name


def document(text: str, file: str) -> Place:
    """The whole of a scenario text. Raises ScenarioError."""
    try:
        return Place(read(text), "", file)
    except Unreadable as error:
        raise ScenarioError(file, error.line, error.column, "", error.expected, error.came) from None


def plain_place(value: Any, path: str) -> Place:
    """Plain data that came from elsewhere, to be read by the same rules. Raises ScenarioError."""
    try:
        return Place(of_plain(value), path, "")
    except Unreadable as error:
        raise ScenarioError("", 0, 0, path, error.expected, error.came) from None
