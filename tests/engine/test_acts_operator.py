"""What an operator adds, deletes and takes by hand, and what the broker answers."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine.picture import picture
from tests.engine.random_lab import SECOND
from tests.engine.test_acts import act, seen, world_at


def test_a_queue_is_added_bound_and_consumed_from() -> None:
    world = world_at(1)
    act(world, c.Add("more", "queue", {"arguments": {"x-queue-type": "quorum", "x-delivery-limit": 2}}))
    act(world, c.Bind("in", "more", "#"))
    act(world, c.Add("reader", "consumer", {"queue": "more"}))
    assert {event.program for event in seen(world.run(3 * SECOND), "Handled")} == {"w", "reader"}


def test_a_declaration_with_other_arguments_is_the_brokers_to_refuse() -> None:
    world = world_at(1)
    (closed, *_) = act(world, c.Add("q", "queue", {"arguments": {"x-max-length": 5}}))
    assert (type(closed).__name__, closed.code) == ("ChannelClosed", 406)  # type: ignore[attr-defined]
    assert "inequivalent arg 'x-max-length'" in closed.text  # type: ignore[attr-defined]
    (answered,) = act(world, c.Add("q", "queue"))
    assert type(answered).__name__ == "Answered"
    (closed, *_) = act(world, c.Add("amq.mine", "exchange", {"type": "direct"}))
    assert (type(closed).__name__, closed.code) == ("ChannelClosed", 403)  # type: ignore[attr-defined]


def test_delete_asks_the_broker_whether_it_is_unused_and_empty() -> None:
    world = world_at(1)
    for command in (c.Delete("q", if_unused=True), c.Delete("in", if_unused=True)):
        (closed, *_) = act(world, command)
        assert (type(closed).__name__, closed.code) == ("ChannelClosed", 406)  # type: ignore[attr-defined]
    act(world, c.Unbind("in", "q", "#"))
    assert seen(act(world, c.Delete("in", if_unused=True)), "NodeRemoved")


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("ack", ["Delivered", "Received", "Handled", "Acked", "Settled"]),
        ("requeue", ["Delivered", "Received", "Handled", "Rejected", "Requeued"]),
        ("reject", ["Delivered", "Received", "Handled", "Rejected", "Settled"]),
    ],
)
def test_get_takes_by_hand_and_settles_as_asked(then: Any, expected: list[str]) -> None:
    world = world_at(1)
    act(world, c.Add("still", "queue"))
    act(world, c.Bind("in", "still", "#"))
    world.run(2 * SECOND)
    ready = len(picture(world).nodes["still"].ready)
    kinds = [type(event).__name__ for event in act(world, c.Get("still", then))]
    assert [kind for kind in kinds if kind in expected] == expected
    assert len(picture(world).nodes["still"].ready) == ready - (then != "requeue")
    assert picture(world).nodes["you"].held == {}


def test_get_from_an_empty_queue_is_answered() -> None:
    world = world_at(1)
    act(world, c.Add("empty", "queue"))
    (answered,) = act(world, c.Get("empty"))
    assert answered.reply == "BasicGetEmpty: empty"  # type: ignore[attr-defined]
