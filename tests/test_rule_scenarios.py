"""The scenarios that the rule book names show their rules: each is played with its own acts, and its events are looked at.

A rule that the engine quotes in events is shown where an event quotes it; the others by what is to be seen below.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from mqlab.engine import events as e
from mqlab.engine import scenario
from mqlab.engine.rules import RULES, Rule
from mqlab.lab.demonstration import moment
from tests.engine.judged import SECOND, Lab
from tests.test_rules import SCENARIOS, emitted

PLAYED_S = 12
PLAYED_LONGER_S = {"rules/ack-timeout": 65}


@functools.cache
def played(slug: str) -> tuple[e.Event, ...]:
    """What a scenario tells when it is played with its acts; nothing may be lost from sight."""
    text = (SCENARIOS / f"{slug}.yaml").read_text(encoding="utf-8")
    lab = Lab(text)
    for step in scenario.load(text).solution:
        lab.run((step.at_us - lab.world.now) / SECOND).do(step.command)
    lab.run(PLAYED_LONGER_S.get(slug, PLAYED_S) - lab.world.now / SECOND)
    assert lab.verdict("conserved") == 1
    assert lab.world.storm == ""
    return tuple(lab.told)


class Seen:
    """A scenario's events, asked for by kind and fields."""

    def __init__(self, slug: str) -> None:
        self.events = played(slug)

    def all(self, kind: type[e.AnyEvent], **fields: object) -> list[e.AnyEvent]:  # type: ignore[valid-type]
        """Those of a kind with these fields."""
        return [
            one
            for one in self.events
            if type(one) is kind and all(getattr(one, name) == value for name, value in fields.items())
        ]


def auto_ack_overruns_prefetch(seen: Seen) -> bool:
    """Five are delivered to a prefetch of 1 before the first is handled."""
    first = seen.all(e.Handled, program="hasty")[0]
    return len([one for one in seen.all(e.Delivered, program="hasty", auto_ack=True) if one.t < first.t]) == 5


def kept_after_cancel(seen: Seen) -> bool:
    """The message delivered over a subscription that ended is acked later, and never came back."""
    (held,) = seen.all(e.Delivered, program="mover")
    (ended,) = [one for one in seen.all(e.LinkRemoved) if one.link.startswith("changed>mover")]
    (settled,) = seen.all(e.Settled, program="mover", outcome="acked")
    return held.t < ended.t < settled.t and held.of == settled.of


def expires_when_it_comes_back(seen: Seen) -> bool:
    """Its time was over while it was held; the moment it is back it is gone."""
    (entered,) = seen.all(e.Enqueued, queue="held")
    (back,) = seen.all(e.Requeued, queue="held")
    (gone,) = seen.all(e.Expired, queue="held")
    return bool(entered.expires < back.t == gone.t)


def expiration_is_gone(seen: Seen) -> bool:
    """What expired in `short` lives for ever in the graveyard."""
    (died,) = seen.all(e.DeadLettered, queue="short", reason="expired")
    (buried,) = seen.all(e.Enqueued, queue="graveyard")
    return died.t == seen.all(e.Enqueued, queue="short")[0].expires and buried.expires == 0


def only_ready_counts(seen: Seen) -> bool:
    """One is held and one is ready under a limit of 1; only the third pushes one out."""
    (dropped,) = seen.all(e.Dropped, queue="held")
    before = [one for one in seen.all(e.Enqueued, queue="held") if one.t <= dropped.t]
    return len(before) == 3 and dropped.of == before[1].of


def counts_rise(seen: Seen) -> bool:
    """The same message dies of the same reasons again and again."""
    return [one.count for one in seen.all(e.DeadLettered, queue="work", reason="rejected")] == [1, 2, 3] and [
        one.count for one in seen.all(e.DeadLettered, queue="wait", reason="expired")
    ] == [1, 2, 3]


def travels_under(seen: Seen) -> bool:
    """Under the queue's own dead-letter key where it has one, else under the old one."""
    keys = {one.queue: one.routing_key for one in seen.all(e.DeadLettered)}
    return (keys["work"], keys["unheard"]) == ("wait", "unheard")


def nacks_do_not_count(seen: Seen) -> bool:
    """Six nacks under a limit of 2, and then it is acked."""
    return len(seen.all(e.Requeued, queue="nacked", why="nack")) == 6 and (
        len(seen.all(e.Settled, program="nacker", outcome="acked")) == 1
    )


def consumers_go_on(seen: Seen) -> bool:
    """Messages are delivered and acked while the publisher is blocked."""
    (blocked,), (unblocked,) = seen.all(e.Blocked), seen.all(e.Unblocked)
    between = [one for one in seen.all(e.Settled, outcome="acked") if blocked.t < one.t < unblocked.t]
    return len(between) > 1


def smaller_limit_counts(seen: Seen) -> bool:
    """`short` keeps its own limit of 2 under a policy of 3, which changes only who applies."""
    (changed,) = seen.all(e.NodeChanged, node="short")
    return changed.settings == {"policy": "limits"}


def argument_wins(seen: Seen) -> bool:
    """The dead letter goes where the argument says, though a policy says otherwise."""
    return [one.exchange for one in seen.all(e.DeadLettered, queue="buried")] == ["grave"]


def shortened_at_once(seen: Seen) -> bool:
    """One of four goes with the policy; the queue that rejects keeps all of its own."""
    (dropped,) = seen.all(e.Dropped, queue="plain")
    return dropped.t == SECOND and not seen.all(e.Dropped, queue="strict")


def only_what_comes_later(seen: Seen) -> bool:
    """Of two messages only the one that came after the policy has a time to live."""
    return [one.expires > 0 for one in seen.all(e.Enqueued, queue="brief")] == [False, True]


def not_for_a_classic_queue(seen: Seen) -> bool:
    """The policy of priority 9 matches `plain` too, and changes only the quorum queue."""
    return [one.node for one in seen.all(e.NodeChanged) if one.settings.get("policy") == "failures"] == [
        "tried"
    ]


def confirmed_by_a_majority(seen: Seen) -> bool:
    """No confirm while most nodes are down, of whatever was published then; afterwards there are some again."""
    (lone,) = seen.all(e.LeaderChanged, queue="ours", leader="", rule="rabbitmq/cluster-no-majority")
    back = next(one for one in seen.all(e.LeaderChanged, queue="ours") if one.t > lone.t and one.leader)
    confirmed = [one.t for one in seen.all(e.Confirmed)]
    return not [t for t in confirmed if lone.t < t < back.t] and any(t >= back.t for t in confirmed)


SHOWN: dict[str, Callable[[Seen], bool]] = {
    "rabbitmq/one-copy-per-queue": lambda seen: [one.to for one in seen.all(e.Routed, exchange="first")] == [("shelf",)],
    "rabbitmq/unbind-idempotent": lambda seen: len(seen.all(e.Answered, request="QueueUnbind")) == 1,
    "rabbitmq/blocked-reenter-tail": lambda seen: [one.program for one in seen.all(e.Delivered, queue="turns")] == list("abcbca"),
    "rabbitmq/prefetch-ignored-auto-ack": auto_ack_overruns_prefetch,
    "rabbitmq/delivery-tags": lambda seen: [one.tag for one in seen.all(e.Delivered, program="hasty")] == [1, 2, 3, 4, 5],
    "rabbitmq/cancel-keeps-unacked": kept_after_cancel,
    "rabbitmq/ttl-unacked-held": expires_when_it_comes_back,
    "rabbitmq/dead-letter-expiration-removed": expiration_is_gone,
    "rabbitmq/max-length-ready-only": only_ready_counts,
    "rabbitmq/dead-letter-routing-key": travels_under,
    "rabbitmq/alarm-spares-consumers": consumers_go_on,
    "rabbitmq/policy-limits-minimum": smaller_limit_counts,
    "rabbitmq/policy-argument-wins": argument_wins,
    "rabbitmq/policy-shortens": shortened_at_once,
    "rabbitmq/policy-ttl-from-now-on": only_what_comes_later,
    "rabbitmq/policy-unknown-key": not_for_a_classic_queue,
    "rabbitmq/cluster-confirm-majority": confirmed_by_a_majority,
    "rabbitmq/x-death-record": counts_rise,
    "rabbitmq/first-last-death": lambda seen: bool(seen.all(e.Handled, program="coroner", outcome="failed")),
    "rabbitmq/client-x-death-ignored": lambda seen: [one.count for one in seen.all(e.DeadLettered, queue="liars")] == [1],
    "rabbitmq/delivery-limit-nack-43": nacks_do_not_count,
    "rabbitmq/delivery-count-header": lambda seen: [
        one.count for one in seen.all(e.Delivered, queue="rejected", redelivered=True)
    ] == [1, 2],
    "rabbitmq/sender-selected": lambda seen: ("billing", "audit", "press") in [
        one.to for one in seen.all(e.Routed, exchange="amq.default")
    ],
}  # fmt: skip

SHOWN_BY_SCENARIO = [rule for rule in RULES.values() if rule.scenario]


@pytest.mark.parametrize("rule", SHOWN_BY_SCENARIO, ids=lambda rule: rule.id)
def test_the_scenario_that_a_rule_names_shows_it(rule: Rule) -> None:
    if rule.id in SHOWN:
        assert SHOWN[rule.id](Seen(rule.scenario))
    else:
        assert rule.id in {event.rule for event in played(rule.scenario)}


@pytest.mark.parametrize("rule", SHOWN_BY_SCENARIO, ids=lambda rule: rule.id)
def test_show_me_finds_the_moment(rule: Rule) -> None:
    """A rule that no event of its scenario quotes says itself at which event it is to be seen."""
    assert moment(rule.id, (SCENARIOS / f"{rule.scenario}.yaml").read_text(encoding="utf-8")) is not None
    assert (rule.moment is not None) == (rule.id in SHOWN)


def test_a_rule_that_events_quote_is_shown_by_its_event() -> None:
    """The few whose event is an error that no program of a lab makes are shown by something else to be seen."""
    assert {name for name in SHOWN if name in emitted()} <= {"rabbitmq/sender-selected"}


def test_each_scenario_of_the_rules_is_named_by_a_rule_and_has_no_place_in_the_gallery() -> None:
    named = {rule.scenario for rule in SHOWN_BY_SCENARIO}
    files = sorted(path.relative_to(SCENARIOS) for path in (SCENARIOS / "rules").glob("*.yaml"))
    assert files
    for file in files:
        assert str(Path(file).with_suffix("")) in named
        assert "\ngallery: false\n" in (SCENARIOS / file).read_text(encoding="utf-8")
