"""Texts with placeholders in a scenario file, and the keys of messages."""

from __future__ import annotations

import re

from mqlab.engine import limits
from mqlab.engine.scenario.error import nearest
from mqlab.engine.scenario.place import Place

PLACEHOLDERS = ("key", "n", "name")
IN_BRACES = re.compile(r"\{([^{}\s\"',]+)\}")
KEYS_MAX = 64


def read_keys(place: Place) -> tuple[str, ...]:
    """The keys that a producer draws from."""
    return tuple(read_key(one) for one in place.items(KEYS_MAX, "a list of keys"))


def read_key(place: Place) -> str:
    """One or two characters."""
    key = place.name()
    if len(key) > 2:
        raise place.error("a key of one or two characters")
    return key


def template(place: Place, at_most: int, *, name: str, keyed: bool) -> str:
    """Text with {key}, {n} and {name} in it and no other placeholder; `at_most` bytes when filled in."""
    text = place.text(at_most)
    for word in IN_BRACES.findall(text):
        if word not in PLACEHOLDERS:
            near = braced(nearest(word, PLACEHOLDERS))
            raise place.error("no placeholders but {key}, {n} and {name}", "{" + word[:40] + "}", near)
        if word == "key" and not keyed:
            raise place.error("publish.keys beside a template with {key}", "none")
    longest = text.replace("{key}", "KK").replace("{n}", str(limits.RECORDING_EVENTS_MAX))
    size = len(longest.replace("{name}", name).encode())
    if size > at_most:
        raise place.error(
            f"text of at most {at_most:,} bytes with its placeholders filled in", f"{size:,} bytes"
        )
    return text


def braced(word: str) -> str:
    """A placeholder, or nothing."""
    return "{" + word + "}" if word else ""


def fill(text: str, *, key: str, name: str, n: int) -> str:
    """A template with its placeholders filled in."""
    if "{" not in text:
        return text
    return text.replace("{key}", key).replace("{name}", name).replace("{n}", str(n))
