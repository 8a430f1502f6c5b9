"""What the lab cannot do, and what it says then."""

from __future__ import annotations

import pytest

from mqlab.engine import commands as c
from mqlab.engine import limits
from mqlab.engine.acts import apply
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from tests.engine.random_lab import SECOND, lab
from tests.engine.test_acts import act, world_at

PUBLISH = {"publish": {"exchange": "in"}, "rate": {"constant": 1}}
ILLEGAL: list[tuple[c.AnyCommand, str, str]] = [
    (c.Add("w1", "consumer", {"queue": "one"}), "name_taken", "is the name of a consumer"),
    (c.Add("w2", "consumer", {"queue": "one"}), "name_taken", "is the name of the role of several programs"),
    (c.Add("one", "exchange", {"type": "fanout"}), "name_taken", "is the name of a queue"),
    (c.Add("web-7", "queue"), "name_taken", "Messages of web are called"),
    (c.Add("you-7", "queue"), "name_taken", "Messages of you are called"),
    (c.Add("w2", "producer", PUBLISH), "name_taken", "is the name of the role"),
    (c.Add("you", "queue"), "bad_value", "taken by the lab itself"),
    (c.Add("a b", "consumer", {"queue": "one"}), "bad_value", "letters, digits"),
    (c.Add("é" * 200, "queue"), "bad_value", "255 bytes"),
    (c.Add("a\nb", "queue"), "bad_value", "control characters"),
    (c.Add("n", "consumer", {"queue": "on"}), "bad_value", "Did you mean one?"),
    (c.Add("n", "consumer", {"queue": "one", "prefech": 1}), "bad_value", "Did you mean prefetch?"),
    (c.Add("n", "consumer", {"queue": "one", "latency_ms": -1}), "bad_value", "milliseconds from 0"),
    (c.Add("n", "consumer", {"queue": "one", "kind": "producer"}), "bad_value", "leave the field out"),
    (c.Add("n", "producer", {"rate": {"constant": 1}}), "bad_value", "the field publish"),
    (c.Add("n", "queue", {"arguments": {"x-max-lenght": 1}}), "bad_value", "Did you mean x-max-length?"),
    (c.Add("n", "exchange", {"type": "topik"}), "bad_value", "Did you mean topic?"),
    (c.Add("n", "queue", broker="other"), "unknown_node", "There is no other here"),
    (c.Remove("rabbit"), "bad_command", "is the broker of this lab"),
    (c.Remove("one"), "bad_command", "delete it"),
    (c.Remove("you"), "bad_command", "That is you"),
    (c.Slow("web", 2), "bad_command", "change its rate"),
    (c.Slow("w1", 1), "bad_value", "as fast as it can be"),
    (c.Hang("nobody"), "unknown_node", "There is no nobody"),
    (c.Resume("w1"), "up", "does not hang"),
    (c.Disconnect("one"), "unknown_node", "There is no one here"),
    (c.Get("on"), "unknown_node", "Did you mean one?"),
    (c.Delete("in", if_empty=True), "bad_value", "asked of queues"),
    (c.Change("you", {"rate": 1}), "unknown_setting", "only latency_ms"),
    (c.Change("w1", {"latency_ms": "fast"}), "bad_value", "milliseconds from 0"),
    (c.Publish("in", headers={"n": 2**63}), "bad_value", "64 bits"),
    (c.Publish("in", headers={"n": "1"}, doubles=("n",)), "bad_value", "not the name of a number"),
    (c.Publish("in", properties={"priority": 256}), "bad_value", "from 0 to 255"),
    (c.Publish("in", repeat=2, every_ms=0.5), "bad_value", "once a millisecond"),
    (c.Bind("in", "one", arguments={"n": 2**63}), "bad_value", "64 bits"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "code", "why"), ILLEGAL, ids=[f"{one[0]}"[:60] for one in ILLEGAL])
def test_what_the_lab_cannot_do_is_refused_and_changes_nothing(
    command: c.AnyCommand, code: str, why: str
) -> None:
    world = build(lab(3)[0].scenario, 3)
    world.run(2 * SECOND)
    before, bytes_before = picture(world), world.checkpoint()
    with pytest.raises(c.Illegal) as refused:
        apply(world, command, "do:x")
    assert (refused.value.code, why in refused.value.why) == (code, True), refused.value.why
    assert picture(world) == before
    assert world.checkpoint() == bytes_before
    assert not world.events


@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        (c.Hang("w"), c.Hang("w"), "hangs already"),
        (c.Crash("w"), c.Hang("w"), "not running"),
        (c.Remove("w"), c.Crash("w"), "shutting down"),
        (c.Remove("w"), c.Remove("w"), "shutting down"),
        (c.Crash("w"), c.Disconnect("w"), "no connection now"),
        (c.Restart("rabbit"), c.Add("n", "queue"), "rabbit is down"),
        (c.Slow("w", 2), c.Slow("w", 2), "slow × 2 already"),
        (c.Delete("q"), c.Add("q", "queue"), "a name is given once in a recording"),
    ],
)
def test_what_makes_no_sense_after_another_act_is_refused(
    first: c.AnyCommand, then: c.AnyCommand, why: str
) -> None:
    world = world_at(1)
    act(world, first)
    with pytest.raises(c.Illegal, match=why):
        apply(world, then, "do:x")


def test_a_lab_has_at_most_so_many_nodes() -> None:
    world = world_at(1)
    act(world, c.Add("crowd", "consumer", {"queue": "q", "replicas": limits.REPLICAS_MAX}))
    with pytest.raises(c.Illegal, match="at most 200 nodes"):
        apply(world, c.Add("more", "consumer", {"queue": "q", "replicas": limits.REPLICAS_MAX}), "do:x")
