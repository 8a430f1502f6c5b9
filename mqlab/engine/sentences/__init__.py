"""Events in sentences: a small template language, the templates of each broker, and how they are said.

`common.toml` holds what every lab says, `<broker>.toml` what one kind of broker says; they are read once. The browser says
the same with the same templates: `static/js/sentence.js` is this module once more, and a test holds the two together.

**The language.** A template is a list of pieces, said one after the other. A piece is a text, or a choice:
`{by = "reason", maxlen = "…", none = "…", else = "…"}` says the text whose name is the field's value; `none` where the
field is absent (an event on the wire leaves out what has its default), `else` for any other value, nothing where neither
is given. In a text, `**word**` is emphasised and `{field}` or `{field:format}` stands for a value. A field `queue.max_length`
is the setting `max_length` of the node that the field `queue` names (`queue.what` is what kind of node that is).

| format | says |
|---|---|
| (none) | the value as plain words; what is long is cut |
| node, exchange | the name of a node; "exchange orders", or "the default exchange" |
| code | a key or another literal |
| s | virtual µs, as seconds |
| messages | the messages of these copies; in a message's own story "it" |
| copies | where each copy went: "one copy to a, one to b" |
| routes | the same with the binding key that chose each, out of the field `by` |
| nodes, first, last | names of nodes; of two names the first, the second |
| count | how many copies these are |
| were, are, have, them, they | "was" or "were", "is" or "are" and so on, for one message (or node) or for several |
| place | where in its queue a copy went, counted from 0 |
| mine | of values that run parallel to the copies: the one of the message whose story it is |
| next | a number counted from 0, counted from 1 |

A sentence begins with a capital, unless with a name. It is a tuple of parts (kind, text, ref). kind: text, strong, code,
time, node or message; ref: the node's or message's own name, or the time in µs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mqlab.engine.message import message_of

Part = tuple[str, str, str]
Sentence = tuple[Part, ...]
Piece = str | dict[str, str]
Template = list[Piece]

CUT_CHARS = 300
NAMED_MAX = 4
"""Of more messages than these, three are named and the rest counted."""

_MARK = re.compile(r"\*\*(.+?)\*\*|\{([a-z_.]+)(?::([a-z]+))?\}")


class Phrases:
    """The templates of one kind of broker. `events` by kind; `together` by "Kind+Kind"; `why` by situation; `unsaid`:
    events that a message's own story leaves out, by fields that they have."""

    def __init__(self, *books: dict[str, Any]) -> None:
        self.events: dict[str, Template] = {}
        self.together: dict[str, Template] = {}
        self.why: dict[str, Template] = {}
        self.unsaid: list[dict[str, str]] = []
        for book in books:
            self.events |= book.get("events", {})
            self.together |= book.get("together", {})
            self.why |= book.get("why", {})
            self.unsaid += book.get("unsaid", [])

    def plain(self) -> dict[str, Any]:
        """As the browser gets them."""
        return {"events": self.events, "together": self.together, "why": self.why, "unsaid": self.unsaid}


def told() -> list[str]:
    """The kinds of broker that have templates of their own."""
    books = (one.name for one in files("mqlab.engine.sentences").iterdir() if one.name.endswith(".toml"))
    return sorted(name.removesuffix(".toml") for name in books if name != "common.toml")


@cache
def phrases(broker: str = "rabbitmq") -> Phrases:
    """The templates for labs with this kind of broker."""
    folder = files("mqlab.engine.sentences")
    books = [tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in ("common", broker)]
    return Phrases(*books)


def say(
    template: Template, fields: Mapping[str, Any], nodes: Mapping[str, Any] | None = None, me: str = ""
) -> Sentence:
    """The sentence. `nodes`: the scene's, for settings of those that the fields name; `me`: whose own story it is."""
    parts: list[Part] = []
    for piece in template:
        text = piece if isinstance(piece, str) else _chosen(piece, fields, nodes)
        at = 0
        for mark in _MARK.finditer(text):
            _add(parts, ("text", text[at : mark.start()], ""))
            strong, field, form = mark.groups()
            if strong is not None:
                _add(parts, ("strong", strong, ""))
            else:
                value = _value(field, fields, nodes)
                for part in _FORMS[form or "plain"](value, fields, me):
                    _add(parts, part)
            at = mark.end()
        _add(parts, ("text", text[at:], ""))
    if parts:
        kind, first, ref = parts[0]
        if kind == "text" or (kind == "node" and first != ref) or ref == "you":
            parts[0] = (kind, first[:1].upper() + first[1:], ref)
    return tuple(parts)


def text_of(sentence: Sentence) -> str:
    """A sentence as plain text."""
    return "".join(text for _, text, _ in sentence)


def _add(parts: list[Part], part: Part) -> None:
    """Texts that follow each other become one."""
    if not part[1]:
        return
    if part[0] == "text" and parts and parts[-1][0] == "text":
        parts[-1] = ("text", parts[-1][1] + part[1], "")
    else:
        parts.append(part)


def _chosen(choice: dict[str, str], fields: Mapping[str, Any], nodes: Mapping[str, Any] | None) -> str:
    value = _value(choice["by"], fields, nodes)
    found = choice.get("none" if value is None else plain(value))
    return choice.get("else", "") if found is None else found


def _value(field: str, fields: Mapping[str, Any], nodes: Mapping[str, Any] | None) -> Any:
    name, _, setting = field.partition(".")
    value = fields.get(name)
    if not setting:
        return value
    node = nodes.get(value) if nodes is not None and isinstance(value, str) else None
    if node is None:
        return None
    return node.what if setting == "what" else node.settings.get(setting)


def plain(value: Any) -> str:
    """Any value in words, the same in every language."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return _cut(", ".join(f"{name.replace('_', ' ')} {plain(value[name])}" for name in sorted(value)))
    if isinstance(value, (list, tuple)):
        return _cut(", ".join(plain(one) for one in value))
    return _cut(str(value))


def seconds(us: int) -> str:
    """Virtual µs in seconds, to the nearest hundredth."""
    hundredths = (us + 5000) // 10_000
    return f"{hundredths // 100}.{hundredths % 100:02} s"


def _cut(text: str) -> str:
    return text if len(text) <= CUT_CHARS else f"{text[:CUT_CHARS]}…"


def node(name: str) -> Part:
    """A node's name as a part: the default exchange has none, and is called what it is."""
    return (
        ("node", "the default exchange", "amq.default")
        if name in ("", "amq.default")
        else ("node", name, name)
    )


def _exchange(name: str) -> list[Part]:
    part = node(name)
    return [part] if part[1] != part[2] else [("text", "exchange ", ""), part]


def _word(one: str, several: str) -> Callable[[Any, Mapping[str, Any], str], list[Part]]:
    """A word for one message or node, and for several."""

    def chosen(value: Any, fields: Mapping[str, Any], me: str) -> list[Part]:
        return [("text", one if len({message_of(name) for name in value or ()}) == 1 else several, "")]

    return chosen


def listed(items: list[list[Part]]) -> list[Part]:
    """a; a and b; a, b and c."""
    parts: list[Part] = []
    for n, item in enumerate(items):
        if n:
            parts.append(("text", " and " if n == len(items) - 1 else ", ", ""))
        parts += item
    return parts


def _messages(value: Any, fields: Mapping[str, Any], me: str) -> list[Part]:
    names = list(dict.fromkeys(message_of(copy) for copy in value or ()))
    if me and me in names:
        others = len(names) - 1
        more = f" and {others} {'other' if others == 1 else 'others'}" if others else ""
        return [("text", f"it{more}", "")]
    shown = names if len(names) <= NAMED_MAX else names[: NAMED_MAX - 1]
    items: list[list[Part]] = [[("message", name, name)] for name in shown]
    if len(names) > len(shown):
        items.append([("text", f"{len(names) - len(shown)} more", "")])
    return listed(items)


def _copies(value: Any, fields: Mapping[str, Any], me: str) -> list[Part]:
    return _routes(value, {**fields, "by": ()}, me)


def _routes(value: Any, fields: Mapping[str, Any], me: str) -> list[Part]:
    keys = fields.get("by") or ()
    items: list[list[Part]] = []
    for n, queue in enumerate(value):
        item = [("text", "one to " if n else "one copy to ", ""), node(queue)]
        if n < len(keys) and keys[n]:
            item += [("text", " (", ""), ("code", plain(keys[n]), ""), ("text", ")", "")]
        items.append(item)
    return listed(items)


def _mine(value: Any, fields: Mapping[str, Any], me: str) -> Any:
    """Of parallel values the one of the story's message, or the first."""
    of = [message_of(copy) for copy in fields.get("of") or ()]
    at = of.index(me) if me in of else 0
    return value[at] if value is not None and at < len(value) else None


def _place(value: Any, fields: Mapping[str, Any], me: str) -> list[Part]:
    if not me and len(value) > 1:
        return []
    at = _mine(value, fields, me)
    if at == 0:
        return [("text", " at its ", ""), ("strong", "head", "")]
    return [("text", f" at place {at + 1}", "")]


_FORMS: dict[str, Callable[[Any, Mapping[str, Any], str], list[Part]]] = {
    "plain": lambda value, fields, me: [("text", plain(value), "")],
    "node": lambda value, fields, me: [node("" if value is None else plain(value))],
    "exchange": lambda value, fields, me: _exchange("" if value is None else plain(value)),
    "code": lambda value, fields, me: [("code", plain(value), "")],
    "s": lambda value, fields, me: [("time", seconds(value), str(value))],
    "messages": _messages,
    "copies": _copies,
    "routes": _routes,
    "nodes": lambda value, fields, me: listed([[node(name)] for name in value]),
    "first": lambda value, fields, me: [node(value[0])],
    "last": lambda value, fields, me: [node(value[1])],
    "count": lambda value, fields, me: [("text", str(len(value or ())), "")],
    "were": _word("was", "were"),
    "are": _word("is", "are"),
    "have": _word("has", "have"),
    "them": _word("it", "them"),
    "they": _word("it", "they"),
    "place": _place,
    "mine": lambda value, fields, me: [("text", plain(_mine(value, fields, me)), "")],
    "next": lambda value, fields, me: [("text", str((value or 0) + 1), "")],
}
