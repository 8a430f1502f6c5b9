"""Acts beyond the first ones: programs, exchanges and queues come and go, hang, slow down, and change."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine import commands as c
from mqlab.engine import limits, scenario
from mqlab.engine.acts import apply
from mqlab.engine.events import Event
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.recording import Recording, run
from mqlab.engine.world import World, restore
from tests.engine.random_lab import SECOND
from tests.engine.test_recording import TWO_HALVES, half, told

SHOP = """
format: 1
title: A shop
seed: 3
brokers:
  rabbit:
    kind: rabbitmq
    exchanges: {in: {type: topic}}
    queues: {q: {}}
    bindings: [{source: in, destination: q, routing_key: "#"}]
programs:
  web: {kind: producer, broker: rabbit, rate: {constant: 5}, confirms: true, publish: {exchange: in, routing_key: a}}
  w: {kind: consumer, broker: rabbit, queue: q, prefetch: 1, service: {constant_ms: 100}}
links: {default: {latency_ms: 20, exchange_ms: 5}}
"""


def world_at(s: float, text: str = SHOP) -> World:
    """A world that has run for so long."""
    world = build(scenario.load(text), 3)
    world.run(round(s * SECOND))
    return world


def act(world: World, command: c.AnyCommand) -> list[Event]:
    """Do it now; its events."""
    apply(world, command, "do:x")
    return world.finish()


def seen(events: list[Event], kind: str) -> list[Any]:
    """The events of a kind."""
    return [event for event in events if type(event).__name__ == kind]


def status(world: World, node: str) -> str:
    return picture(world).nodes[node].status


# --- publish -------------------------------------------------------------------------------------------------------


def test_a_publish_is_repeated_at_its_pace_and_takes_a_range_of_numbers() -> None:
    recording = Recording(scenario.load(SHOP))
    burst = run(recording.do("a", "0", (SECOND, 0), 0, c.Publish("in", "x", repeat=3, every_ms=40)))
    run(recording.do("b", burst.future, (2 * SECOND, 0), 0, c.Publish("in", "x")))
    mine = [event for event in seen(told(recording, "b", 3), "Published") if event.program == "you"]
    assert [(event.t, event.of[0]) for event in mine] == [
        (SECOND, "you-1"),
        (SECOND + 40_000, "you-2"),
        (SECOND + 80_000, "you-3"),
        (2 * SECOND, "you-4"),
    ]
    again = Recording(recording.scenario, recording.seed, recording.tree.values())
    assert run(again.do("c", "0", (SECOND, 0), 0, c.Publish("in"))).events[0].of == ("you-5",)  # type: ignore[attr-defined]


def test_a_burst_leaves_at_one_instant_each_message_in_an_action_of_its_own() -> None:
    world = world_at(1)
    first = act(world, c.Publish("in", "x", repeat=limits.BURST_MESSAGES_MAX, number=1))
    assert len(seen(first, "Published")) == 1
    rest = [event for event in seen(world.rest(), "Published") if event.program == "you"]
    assert len(rest) == limits.BURST_MESSAGES_MAX - 1
    assert {event.t for event in rest} == {SECOND}
    assert not world.storm


def test_what_is_still_to_be_repeated_waits_for_the_connection() -> None:
    world = world_at(1)
    act(world, c.Publish("in", "x", repeat=3, every_ms=100, number=1))
    act(world, c.Disconnect("you"))
    events = world.run(5 * SECOND)
    assert [event.of for event in seen(events, "Published") if event.program == "you"] == [
        ("you-2",),
        ("you-3",),
    ]


def test_headers_keep_their_types_and_properties_their_ranges() -> None:
    headers = {"text": "1", "int": 1, "double": 2, "yes": True, "void": None, "table": {"deep": [1, "a"]}}
    world = world_at(1)
    (event,) = act(
        world, c.Publish("in", "x", headers=headers, doubles=("double",), properties={"timestamp": 1, "delivery_mode": 2})
    )  # fmt: skip
    assert event.headers == headers  # type: ignore[attr-defined]
    assert isinstance(event.headers["double"], float)  # type: ignore[attr-defined]
    assert event.properties == {"timestamp": 1, "delivery_mode": 2}  # type: ignore[attr-defined]


def test_a_headers_exchange_tells_an_int_from_a_double() -> None:
    world = world_at(1)
    act(world, c.Add("heads", "exchange", {"type": "headers"}))
    act(world, c.Add("doubles", "queue"))
    act(world, c.Bind("heads", "doubles", arguments={"n": 1}, doubles=("n",)))
    act(world, c.Publish("heads", headers={"n": 1}, number=1))
    act(world, c.Publish("heads", headers={"n": 1}, doubles=("n",), number=2))
    events = world.run(2 * SECOND)
    assert [event.of for event in seen(events, "Enqueued") if event.queue == "doubles"] == [
        ("you-2@doubles",)
    ]


# --- programs come and go -------------------------------------------------------------------------------------------


def test_a_consumer_is_added_with_any_setting_of_the_format_and_works() -> None:
    world = world_at(1)
    (added, *_) = act(
        world, c.Add("extra", "consumer", {"queue": "q", "replicas": 2, "service": {"constant_ms": 10}})
    )
    assert (added.node, added.what) == ("extra-1", "consumer")  # type: ignore[attr-defined]
    events = world.run(3 * SECOND)
    assert {event.program for event in seen(events, "Handled")} == {"w", "extra-1", "extra-2"}


def test_a_producer_is_added_and_publishes_over_its_own_latency() -> None:
    world = world_at(1)
    more = {"publish": {"exchange": "in", "routing_key": "b"}, "rate": {"constant": 10}, "latency_ms": 300}
    act(world, c.Add("app", "producer", more))
    first = next(event for event in seen(world.run(3 * SECOND), "Published") if event.program == "app")
    assert first.arrives - first.t == 300_000
    assert "app->in" in picture(world).links


def test_a_consumer_of_a_later_time_waits_until_then() -> None:
    world = world_at(1)
    act(world, c.Add("late", "consumer", {"queue": "q", "start_ms": 2000}))
    assert status(world, "late") == "waits"
    world.run(3 * SECOND)
    assert status(world, "late") == "up"


def test_a_removed_consumer_gives_back_what_it_held_and_is_gone_when_its_close_arrives() -> None:
    world = world_at(1.5)
    assert picture(world).nodes["w"].held
    (stopped, *_) = act(world, c.Remove("w"))
    assert status(world, "w") == "stopping"
    events = world.run(2 * SECOND)
    assert [type(event).__name__ for event in events if event.t == stopped.arrives][:2] == [
        "Closed",
        "LinkRemoved",
    ]  # type: ignore[attr-defined]
    assert len(seen(events, "Requeued")) == 1
    assert [event.node for event in seen(events, "NodeRemoved")] == ["w"]
    assert "w" not in picture(world).nodes
    assert not any("w" in (link.source, link.target) for link in picture(world).links.values())


def test_what_a_removed_producer_sent_still_arrives() -> None:
    world = world_at(1.01)
    sent = [flight.of for flight in picture(world).flights.values() if flight.source == "web"]
    assert sent
    act(world, c.Remove("web"))
    events = world.run(4 * SECOND)
    assert {event.of[0] for event in seen(events, "Enqueued")} >= {f"{of[0]}@q" for of in sent}
    assert not seen(events, "Published")


def test_a_crashed_program_can_be_removed_even_while_its_close_is_on_the_way() -> None:
    world = world_at(1)
    act(world, c.Crash("w"))
    act(world, c.Remove("w"))
    assert status(world, "w") == "stopping"
    world.run(2 * SECOND)
    assert "w" not in picture(world).nodes


def test_one_that_leaves_is_gone_too_when_the_broker_goes_down_before_its_close_arrives() -> None:
    world = world_at(1)
    act(world, c.Remove("w"))
    act(world, c.Restart("rabbit"))
    assert "w" not in picture(world).nodes


def test_a_producer_restarted_while_the_broker_is_down_publishes_again_when_it_is_up() -> None:
    world = world_at(1)
    act(world, c.Crash("web"))
    act(world, c.Restart("rabbit"))
    world.run(round(1.5 * SECOND))
    act(world, c.Restart("web"))
    assert seen(world.run(5 * SECOND), "Published")


# --- hang and slow --------------------------------------------------------------------------------------------------


def test_a_consumer_that_hangs_takes_and_finishes_nothing_and_keeps_its_connection() -> None:
    world = world_at(1.5)
    (changed,) = act(world, c.Hang("w"))
    assert changed.settings == {"hung": True}  # type: ignore[attr-defined]
    events = world.run(4 * SECOND)
    mine = [event for event in events if getattr(event, "program", "") == "w"]
    assert {type(event).__name__ for event in mine} <= {"Delivered", "Received", "Settled"}
    assert status(world, "w") == "up"
    assert len(picture(world).nodes["q"].ready) > 5
    act(world, c.Resume("w"))
    (handled, *_) = seen(world.rest(), "Handled")
    assert handled.t == 4 * SECOND
    assert "hung" not in picture(world).nodes["w"].settings


def test_a_producer_that_hangs_publishes_nothing_until_it_goes_on() -> None:
    world = world_at(1)
    act(world, c.Hang("web"))
    act(world, c.Change("web", {"rate": {"constant": 50}}))
    assert not seen(world.run(3 * SECOND), "Published")
    act(world, c.Resume("web"))
    assert len(seen(world.run(4 * SECOND), "Published")) == 49


def test_a_producer_publishes_to_another_exchange_and_its_line_goes_there() -> None:
    world = world_at(1.05)
    act(world, c.Add("out", "exchange", {"type": "fanout"}))
    act(world, c.Add("r", "queue"))
    act(world, c.Bind("out", "r"))
    (changed, *lines) = act(world, c.Change("web", {"publish": {"exchange": "out"}}))
    assert changed.settings["publish"]["exchange"] == "out"
    assert [type(one).__name__ for one in lines] == ["LinkRemoved", "LinkAdded"]
    assert [name for name, link in picture(world).links.items() if link.what == "publish"] == ["web->out"]
    events = world.run(2 * SECOND)
    assert {one.exchange for one in seen(events, "Published")} == {"out"}
    assert {one.queue for one in seen(events, "Enqueued") if one.t > 1.2 * SECOND} == {"r"}

    act(world, c.Change("web", {"publish": {"exchange": "", "routing_key": "q"}}))
    assert [link.target for link in picture(world).links.values() if link.what == "publish"] == [
        "amq.default"
    ]
    assert {one.queue for one in seen(world.run(3 * SECOND), "Enqueued") if one.t > 2.2 * SECOND} == {"q"}


@pytest.mark.parametrize("exchange", ["nowhere", "inner", 7, None])
def test_a_producer_cannot_be_sent_where_nobody_may_publish(exchange: object) -> None:
    world = world_at(1)
    act(world, c.Add("inner", "exchange", {"type": "fanout", "internal": True}))
    before = picture(world)
    with pytest.raises(c.Illegal) as refused:
        apply(world, c.Change("web", {"publish": {"exchange": exchange}}), "do:x")
    assert refused.value.code == "bad_value"
    assert "web.publish.exchange" in refused.value.why
    assert picture(world) == before


def test_one_that_hangs_does_not_come_back_after_a_broken_connection_until_it_goes_on() -> None:
    world = world_at(1)
    act(world, c.Hang("w"))
    act(world, c.Disconnect("w"))
    assert not seen(world.run(5 * SECOND), "Connected")
    act(world, c.Resume("w"))
    assert seen(world.run(8 * SECOND), "Connected")


def test_a_crash_ends_the_hanging() -> None:
    world = world_at(1)
    act(world, c.Hang("w"))
    act(world, c.Crash("w"))
    act(world, c.Restart("w"))
    assert seen(world.run(3 * SECOND), "Handled")


def test_slow_multiplies_the_time_of_what_begins_from_now_on() -> None:
    world = world_at(1)
    (changed,) = act(world, c.Slow("w", 4))
    assert changed.settings == {"slow": 4}  # type: ignore[attr-defined]
    started = seen(world.run(4 * SECOND), "Started")[1:]
    assert {event.until - event.t for event in started} == {400_000}
    act(world, c.Slow("w", 1))
    assert "slow" not in picture(world).nodes["w"].settings
    assert {event.until - event.t for event in seen(world.run(6 * SECOND), "Started")[1:]} == {100_000}


# --- connections, latency, confirms ---------------------------------------------------------------------------------


def test_a_connection_closed_while_an_ack_is_on_its_way_makes_a_duplicate() -> None:
    world = world_at(1)
    while not any(flight.what == "ack" for flight in picture(world).flights.values()):
        world.step()
    copy = next(flight.of[0] for flight in picture(world).flights.values() if flight.what == "ack")
    events = act(world, c.Disconnect("w"))
    assert [event.what for event in seen(events, "Lost")] == ["ack"]
    later = world.run(world.now + 3 * SECOND)
    assert [event.outcome for event in seen(later, "Handled") if event.of == (copy,)] == ["ok"]
    assert picture(world).verdicts["duplicated"] == 1


def test_another_latency_holds_for_what_leaves_from_now_on() -> None:
    world = world_at(1)
    (changed,) = act(world, c.Change("web", {"latency_ms": 500}))
    assert changed.settings == {"latency_ms": 500}  # type: ignore[attr-defined]
    first = seen(world.run(2 * SECOND), "Published")[0]
    assert first.arrives - first.t == 500_000
    act(world, c.Change("you", {"latency_ms": 0}))
    (mine,) = act(world, c.Publish("in", "a", number=1))
    assert mine.arrives == mine.t  # type: ignore[attr-defined]


def test_confirms_are_switched_on_in_order_with_what_is_on_its_way() -> None:
    world = world_at(
        1, SHOP.replace("confirms: true", "confirms: false").replace("constant: 5", "constant: 100")
    )
    act(world, c.Change("web", {"confirms": True}))
    events = world.run(2 * SECOND)
    counted = [event.of[0] for event in seen(events, "Published") if event.seq]
    confirmed = [of for event in seen(events, "ConfirmReceived") for of in event.of]
    assert confirmed == counted[: len(confirmed)]
    assert len(confirmed) > 80


def test_confirms_are_switched_off_only_with_a_new_channel() -> None:
    world = world_at(1)
    with pytest.raises(c.Illegal, match="confirm mode stays in it"):
        apply(world, c.Change("web", {"confirms": False}), "do:x")
    act(world, c.Crash("web"))
    act(world, c.Change("web", {"confirms": False}))
    act(world, c.Restart("web"))
    assert all(not event.seq for event in seen(world.run(2 * SECOND), "Published"))


# --- laws --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        c.Slow("lw-1", 5),
        c.Hang("lw-1"),
        c.Disconnect("lw-1"),
        c.Remove("lw-1"),
        c.Remove("lp"),
        c.Add("lz", "consumer", {"queue": "lq"}),
        c.Add(
            "lx", "producer", {"publish": {"exchange": "left", "routing_key": "a"}, "rate": {"poisson": 5}}
        ),
        c.Change("lp", {"latency_ms": 300}),
        c.Publish("left", "a", repeat=20, every_ms=50),
        c.Get("lq"),
    ],
)
def test_such_an_act_leaves_an_unconnected_component_equal_to_the_byte(command: c.AnyCommand) -> None:
    recording = Recording(scenario.load(TWO_HALVES))
    future = run(recording.do("act", "0", (3 * SECOND, 0), 0, command)).future
    before, after = told(recording, "0", 9), told(recording, future, 9)
    assert half(before, "r") == half(after, "r")
    assert before != after


def test_a_world_in_the_middle_of_all_this_goes_on_the_same_from_a_checkpoint() -> None:
    world = world_at(1)
    for command in (
        c.Publish("in", "x", repeat=50, every_ms=20, number=1),
        c.Hang("w"),
        c.Add("extra", "consumer", {"queue": "q"}),
        c.Slow("extra", 3),
        c.Remove("web"),
    ):
        act(world, command)
    again = restore(world.checkpoint())
    for one in (world, again):
        one.run(round(1.2 * SECOND))
        act(one, c.Resume("w"))
    assert world.run(5 * SECOND) == again.run(5 * SECOND)
