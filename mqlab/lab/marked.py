"""The little markup that a scenario's texts may have, taken apart: what it becomes on the page is the page's business.

`code` in backticks; [term] or [words](term) for a term that the scenario explains; [words](rule) for a rule of the rule
book. All else is text as it stands, brackets included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mqlab.engine.rules import RULES

TEXT, CODE, TERM, RULE = "text", "code", "term", "rule"
_MARK = re.compile(r"`(?P<code>[^`\n]+)`|\[(?P<words>[^\[\]\n]+)\](?:\((?P<target>[^()\n]+)\))?")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text. kind: text, code, term or rule; `target`: which term or rule."""

    kind: str
    text: str
    target: str = ""


def marked(text: str, terms: Iterable[str] = ()) -> tuple[Part, ...]:
    """The text's parts, in order."""
    found: list[Part] = []
    end = 0
    for match in _MARK.finditer(text):
        part = _part(match, terms)
        if part is None:
            continue
        if match.start() > end:
            found.append(Part(TEXT, text[end : match.start()]))
        found.append(part)
        end = match.end()
    if end < len(text):
        found.append(Part(TEXT, text[end:]))
    return tuple(found)


def _part(match: re.Match[str], terms: Iterable[str]) -> Part | None:
    if match["code"] is not None:
        return Part(CODE, match["code"])
    words, target = match["words"], match["target"]
    if (target or words) in terms:
        return Part(TERM, words, target or words)
    return Part(RULE, words, target) if target in RULES else None
