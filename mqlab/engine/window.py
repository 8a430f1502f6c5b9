"""The end of a log as the picture shows it: of the entries that were appended last those that are still there.

No entry comes into the window but by being appended, so whoever has folded the events knows it as the log itself does.
"""

from __future__ import annotations

from collections.abc import Iterable

ENTRIES_MAX = 24
"""How many of the entries appended last a window may hold."""

Window = list[tuple[str, str]]
"""Message and key, oldest first."""


def enter(window: Window, message: str, key: str) -> None:
    """An entry was appended."""
    window.append((message, key))
    if len(window) > ENTRIES_MAX:
        del window[0]


def leave(window: Window, messages: Iterable[str]) -> None:
    """The entries of these messages are gone; of a message that was appended twice, its older one."""
    held = {message for message, _ in window}
    for message in messages:
        if message in held:
            at = next((n for n, entry in enumerate(window) if entry[0] == message), -1)
            if at >= 0:
                del window[at]
