"""What became of a message, or what a node did of late, in sentences: each with the rule by which a broker decided.

A story is a pure function of the events up to a position and the scene there; `static/js/story.js` is this module once
more for the browser. Only what was one action is told as one sentence, so that no line of a story is ever taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mqlab.engine.events import Event
from mqlab.engine.message import message_of
from mqlab.engine.rules import RULES
from mqlab.engine.scene import Scene
from mqlab.engine.sentences import Phrases, Sentence, phrases, say

LINES_MAX = 300
HEAD_LINES = 20
"""Of a longer story the first so many lines and the last ones are told, and between them how many are left out."""
NODE_LINES_MAX = 40

Fields = dict[str, Any]
"""An event as the wire has it: what has its default is left out."""

ASIDE = ("Confirmed", "Closed")
"""What only tells somebody of it."""

ENDS_OF_CHANNELS = ("Crashed", "Stopped", "ChannelClosed", "ConnectionClosed")
TOUCHES = ("program", "queue", "exchange", "node", "at", "source", "target")


class Line(msgspec.Struct):
    """One sentence. `name`: its event's; `of`: the copies it is about; `rule`: the id of the one that decided, or ""."""

    t: int
    name: str
    kind: str
    sentence: Sentence
    rule: str
    of: tuple[str, ...]

    @property
    def rule_sentence(self) -> str:
        """The rule in words."""
        return RULES[self.rule].sentence if self.rule else ""


class Gathered:
    """What of a recording is about one message: `actions` holds its events, grouped as they happened together.

    Events are taken in order and once; who plays on goes on with `take`. `holders`: who was given which copy.
    """

    def __init__(self, message: str) -> None:
        self.message = message
        self.actions: list[list[Fields]] = []
        self.holders: dict[str, str] = {}
        self._open = False

    def take(self, events: Iterable[Event]) -> Gathered:
        """Add more events."""
        for event in events:
            if self._about(event):
                fields: Fields = msgspec.to_builtins(event)
                if not self._open:
                    self.actions.append([])
                    self._open = True
                self.actions[-1].append(fields)
                self._follow(fields)
            if event.last:
                self._open = False
        return self

    def _about(self, event: Event) -> bool:
        for copy in getattr(event, "of", ()):
            if message_of(copy) == self.message:
                return True
        if self.holders and type(event).__name__ in ENDS_OF_CHANNELS:
            return getattr(event, "node", getattr(event, "program", "")) in self.holders.values()
        return False

    def _follow(self, fields: Fields) -> None:
        kind = fields["kind"]
        if kind == "Delivered":
            self.holders[fields["of"][0]] = fields["program"]
        elif kind in ("Settled", "Requeued", "Lost", "NodeRemoved"):
            for copy in fields.get("of", ()):
                self.holders.pop(copy, None)


def gather(events: Iterable[Event], message: str) -> Gathered:
    """All that these events say of the message."""
    return Gathered(message).take(events)


def book_of(scene: Scene) -> Phrases:
    """The templates for the kind of broker that a lab has; of several, for the first one's."""
    return phrases(kind_of(scene))


def kind_of(scene: Scene) -> str:
    """The kind of broker that a lab has; of several, the first one's."""
    return next(str(node.settings["kind"]) for node in scene.nodes.values() if node.what == "broker")


def story(gathered: Gathered, scene: Scene) -> list[Line]:
    """The message's life so far, from its publish to the end of every copy, oldest first."""
    book = book_of(scene)
    lines = [
        line
        for action in gathered.actions
        for line in _tell(action, book, scene, gathered.message)
        if line.sentence
    ]
    if len(lines) <= LINES_MAX:
        return lines
    after = lines[len(lines) - LINES_MAX + HEAD_LINES + 1 :]
    left = len(lines) - HEAD_LINES - len(after)
    words = ("text", f"{left} more things happened to it in between.", "")
    gap = Line(lines[HEAD_LINES].t, "", "Gap", (words,), "", ())
    return [*lines[:HEAD_LINES], gap, *after]


def node_story(events: list[Event], node: str, scene: Scene) -> list[Line]:
    """What the node did last, newest last: at most NODE_LINES_MAX lines."""
    book = book_of(scene)
    lines: list[Line] = []
    for event in reversed(events):
        if len(lines) >= NODE_LINES_MAX:
            break
        if _touches(event, node):
            fields = msgspec.to_builtins(event)
            lines.append(line_of(fields, book, scene, ""))
    lines.reverse()
    return lines


def line_of(fields: Fields, book: Phrases, scene: Scene, me: str, template: str = "") -> Line:
    """One event as a line. `template`: "Kind+Kind" where it is told together with the one before."""
    words = book.together[template] if template else book.events[fields["kind"]]
    sentence = say(words, fields, scene.nodes, me)
    return Line(
        fields["t"], fields["name"], fields["kind"], sentence, fields["rule"], tuple(fields.get("of", ()))
    )


def deciding(lines: list[Line]) -> int:
    """The index of the last line in which a rule decided about the message itself; -1: none."""
    return next(
        (n for n in range(len(lines) - 1, -1, -1) if lines[n].rule and lines[n].kind not in ASIDE), -1
    )


def _tell(action: list[Fields], book: Phrases, scene: Scene, me: str) -> list[Line]:
    """The lines of one action: an event that is told together with a later one is not told by itself."""
    told = list(action)
    how = [""] * len(told)
    place = list(range(len(told)))
    silent = [_unsaid(fields, book) for fields in action]
    for n, first in enumerate(action):
        for m in range(n + 1, len(action)):
            second = action[m]
            pair = f"{first['kind']}+{second['kind']}"
            if pair in book.together and not how[m] and _share(first, second):
                told[m] = {**told[n], **second, "rule": second["rule"] or told[n]["rule"]}
                how[m], place[m], silent[n] = pair, place[n], True
                break
    order = sorted(range(len(told)), key=lambda n: place[n])
    return [line_of(told[n], book, scene, me, how[n]) for n in order if not silent[n]]


def _share(first: Fields, second: Fields) -> bool:
    """Whether two events are about the same copy, or message, or the first about a whole program."""
    if "of" not in first:
        return True
    copies = second.get("of", ())
    return any(copy in copies or message_of(copy) in copies for copy in first["of"])


def _unsaid(fields: Fields, book: Phrases) -> bool:
    return any(all(fields.get(name) == value for name, value in one.items()) for one in book.unsaid)


def _touches(event: Event, node: str) -> bool:
    for field in TOUCHES:
        if getattr(event, field, None) == node:
            return True
    return node in getattr(event, "to", ()) or node in getattr(event, "between", ())
