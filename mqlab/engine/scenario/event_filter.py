"""A kind of event and what must be true of it, as goals and first acts name it.

In a file: `event: Delivered, where: {redelivered: true}`.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from mqlab.engine import events as e
from mqlab.engine.message import message_of, producer_of
from mqlab.engine.scenario.error import nearest
from mqlab.engine.scenario.place import Fields, Place

EVENTS: dict[str, type[e.Event]] = {
    kind.__name__: kind
    for kind in get_args(e.AnyEvent)
    if kind is e.VerdictChanged or kind not in get_args(e.Judgement)
}
MESSAGE, PRODUCER = "message", "producer"
HIDDEN = ("last", "name", "cause", "of", "t", "headers", "properties", "settings", "arguments")
VALUES_MAX = 50

Value = str | int | bool
"""What a field is compared with."""


class EventFilter(msgspec.Struct, frozen=True):
    """Events of one kind. `where`: field -> the values of which it must have one.

    The fields `message` and `producer` are those of what the event is `of`.
    """

    event: str
    where: dict[str, tuple[Value, ...]] = {}

    def matches(self, event: Any) -> bool:
        """Whether an event is one of these. Its kind has been looked at."""
        return all(_holds(event, field, wanted) for field, wanted in self.where.items())

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        where = {
            field: values[0] if len(values) == 1 else list(values) for field, values in self.where.items()
        }
        return {"event": self.event, "where": where}


def _holds(event: Any, field: str, wanted: tuple[Value, ...]) -> bool:
    if field == MESSAGE:
        return any(message_of(copy) in wanted for copy in event.of)
    if field == PRODUCER:
        return any(producer_of(copy) in wanted for copy in event.of)
    value = getattr(event, field)
    if isinstance(value, tuple):
        return any(one in wanted for one in value)
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in wanted)


def fields_of(event: str) -> list[str]:
    """What a filter or a count may name of this kind of event."""
    fields = EVENTS[event].__struct_fields__
    own = [name for name in fields if name not in HIDDEN]
    return [*own, MESSAGE, PRODUCER] if "of" in fields else own


def read_filter(fields: Fields) -> EventFilter:
    """From `event` and `where`. Raises ScenarioError."""
    place = fields.need("event")
    event = place.text(what="the name of an event")
    if event not in EVENTS:
        near = nearest(event, EVENTS)
        raise place.error("the name of an event (Published, Delivered, Handled, Lost…)", near=near)
    where: dict[str, tuple[Value, ...]] = {}
    if "where" in fields:
        known = fields_of(event)
        fields.need("where").fields(*known)
        for name, one in fields.need("where").entries(len(known)).items():
            where[name] = _values(one, event, name)
    return EventFilter(event, where)


def _values(place: Place, event: str, field: str) -> tuple[Value, ...]:
    if not place.is_list:
        return (_value(place, event, field),)
    values = tuple(_value(one, event, field) for one in place.items(VALUES_MAX, "values"))
    if not values:
        raise place.error("at least one value")
    return values


def _value(place: Place, event: str, field: str) -> Value:
    wanted = _types(event).get(field, str)
    if wanted is bool:
        return place.truth()
    if wanted is int:
        return place.integer(-(2**53), 2**53)
    return place.text()


def _types(event: str) -> dict[str, type]:
    """The plain type of each field: bool, int, or str for text and for what holds texts."""
    types: dict[str, type] = {}
    for field in msgspec.structs.fields(EVENTS[event]):
        items = [one for one in get_args(field.type) if one is not Ellipsis]
        kind = items[0] if items else field.type
        types[field.name] = kind if kind in (bool, int) else str
    return types
