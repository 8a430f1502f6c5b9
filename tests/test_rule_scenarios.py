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
from tests.shown_sqs import SQS_SHOWN
from tests.test_rules import SCENARIOS, emitted

PLAYED_S = 12
PLAYED_LONGER_S = {
    "rules/sqs-dedup-window": 310,
    "rules/sqs-queues": 65,
    "why-is-my-fifo-queue-stuck": 25,
    "rules/ack-timeout": 65,
    "rules/ack-timeout-of-its-own": 65,
}


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


def three_deaths_are_read(seen: Seen) -> bool:
    """It dies in three queues, and somebody reads the header in the fourth."""
    died = [one.queue for one in seen.all(e.DeadLettered)]
    return died == ["first", "second", "third"] and len(seen.all(e.Delivered, queue="fourth")) == 1


def gone_at_the_first_return(seen: Seen) -> bool:
    """Delivered once, given back once, and never again."""
    (gone,) = seen.all(e.Dropped, queue="below", reason="delivery_limit")
    return len(seen.all(e.Delivered, queue="below")) == 1 and gone.rule == "rabbitmq/delivery-limit"


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
    (blocked,), (unblocked,) = seen.all(e.Blocked, program="writer"), seen.all(e.Unblocked, program="writer")
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


def named_by_the_server(seen: Seen) -> bool:
    """Asked for a queue without a name, the broker answers with the one that it has made up."""
    (added,) = [one for one in seen.all(e.NodeAdded, what="queue") if one.node.startswith("amq.gen-")]
    answers = seen.all(e.Answered, program="owner", request="QueueDeclare")
    return answers[1].t == added.t and added.node in answers[1].reply


def shared_by_two_consumers(seen: Seen) -> bool:
    """Two for both queues; a third only when one is acked, though each consumer holds one."""
    given = seen.all(e.Delivered, program="sharer")
    (acked,) = seen.all(e.Settled, program="sharer")
    return [one.queue for one in given] == ["left", "right", "left"] and given[1].t < acked.t == given[2].t


def lets_others_beside(seen: Seen) -> bool:
    """One asked to be alone at the quorum queue, and both are served."""
    (asked,) = [one for one in seen.all(e.Called, program="jealous") if one.arguments["queue"] == "voted"]
    programs = {one.program for one in seen.all(e.Delivered, queue="voted")}
    return asked.arguments["exclusive"] and programs == {"jealous", "beside"}


def next_of_the_highest(seen: Seen) -> bool:
    """Neither the one that came before it nor the equal one that came after."""
    return [one.program for one in seen.all(e.ActiveChanged, queue="single")] == ["urgent"]


def rests_until_woken(seen: Seen) -> bool:
    """Its next consumer has room, and gets what is ready only when another message comes."""
    (acked,) = seen.all(e.Settled, program="leaver")
    heir = seen.all(e.ActiveChanged, queue="rests", program="heir")[0]
    woken = seen.all(e.Enqueued, queue="rests")[2]
    return heir.t < acked.t < woken.t == seen.all(e.Delivered, program="heir")[0].t


def holds_what_it_held(seen: Seen) -> bool:
    """It has come again under its tag and room for one, and gets the next only once it has acked the first."""
    again = seen.all(e.Answered, program="returner", request="BasicConsume")[1]
    first, second = seen.all(e.Delivered, program="returner")
    (acked,) = seen.all(e.Settled, program="returner")
    return first.t < again.t < acked.t == second.t


def shorter_ones_go_first(seen: Seen) -> bool:
    """2 s of the consumer, 4 s of its queue, and of another queue 2 s, under a broker that waits for half an hour."""
    given = {one.program: one.t for one in reversed(seen.all(e.Delivered))}
    late = {one.program: one.t - given[one.program] for one in seen.all(e.ConsumerCancelled)}
    (closed,) = seen.all(e.ChannelClosed, program="sleeper")
    return late == {"impatient": 2 * SECOND, "dreamer": 4 * SECOND} and "2000 ms" in closed.text


def waits_for_the_commit(seen: Seen) -> bool:
    """Published and acked long before, and both take effect with the commit, the publish first."""
    done = seen.all(e.Answered, program="careful", request="TxCommit")[0]
    (routed,) = [one for one in seen.all(e.Routed) if one.of == ("careful-1@out",)]
    (settled,) = seen.all(e.Settled, program="careful")
    sent = seen.all(e.Published, program="careful")[0]
    order = [seen.events.index(one) for one in (routed, settled, done)]
    return sent.arrives < routed.t == settled.t <= done.t and order == sorted(order)


def wrong_tag_at_once(seen: Seen) -> bool:
    """The second ack of a tag is told before any commit; the first is taken back with the channel."""
    (closed,) = seen.all(e.ChannelClosed, program="clumsy")
    return closed.code == 406 and not seen.all(e.Called, program="clumsy", call="tx_commit")


def delivered_after_its_time(seen: Seen) -> bool:
    """What overtook the other is over its time when it is delivered."""
    late = next(one for one in seen.all(e.Enqueued, queue="unwatched") if one.expires)
    first = seen.all(e.Delivered, queue="unwatched")[0]
    return first.of == late.of and first.t > late.expires and not seen.all(e.Expired, queue="unwatched")


def no_priority_at_all(seen: Seen) -> bool:
    """The urgent one came second, and is second."""
    entered = [one.of for one in seen.all(e.Enqueued, queue="level")]
    return [one.of for one in seen.all(e.Delivered, queue="level")] == entered


def two_thousand_and_no_more(seen: Seen) -> bool:
    """All are there, 2,000 are held."""
    return len(seen.all(e.Enqueued)) == 2050 and [one.holds for one in seen.all(e.Delivered)] == list(
        range(1, 2001)
    )


def counts_a_get(seen: Seen) -> bool:
    """A passive declaration counts who holds something as a consumer, and no longer when it is acked."""
    told = [one.reply[-1] for one in seen.all(e.Answered, program="counter", request="QueueDeclare")]
    return told == ["1", "0"]


def reply_uses_no_tag(seen: Seen) -> bool:
    """The reply and what is got after it have the same tag."""
    (reply,), (got,) = seen.all(e.Replied, program="asker"), seen.all(e.Delivered, program="asker")
    return reply.t < got.t and reply.tag == got.tag == 1


def empty_one_is_taken(seen: Seen) -> bool:
    """The publish that blocks its connection is routed at once; the next one waits until the alarm is over."""
    (blocked,), (unblocked,) = seen.all(e.Blocked, program="ringer"), seen.all(e.Unblocked, program="ringer")
    return [one.t for one in seen.all(e.Routed) if one.to == ("bells",)] == [blocked.t, unblocked.t]


def one_kind_alone(seen: Seen) -> bool:
    """The policy for quorum queues matches a classic one too, and changes it not."""
    return [one.node for one in seen.all(e.NodeChanged) if one.settings.get("policy") == "voted"] == [
        "ballots"
    ]


def waits_for_a_majority(seen: Seen) -> bool:
    """A declaration has come while one node of three is up, and is done when a second one is."""
    (asked,) = seen.all(e.Called, program="builder")
    (done,) = seen.all(e.Answered, program="builder")
    up = seen.all(e.MemberChanged, status="up")[0]
    return asked.arrives < up.t == done.t and seen.all(e.NodeAdded, node="extra")[0].t == up.t


def stays_with_the_dead(seen: Seen) -> bool:
    """It crashed with an order in its hands; nobody is given it, before Redis restarts and after."""
    (given,) = seen.all(e.Delivered, program="dead")
    (lost,) = seen.all(e.Lost, node="dead")
    after = [one for one in seen.events if getattr(one, "of", ()) == given.of and one.t > lost.t]
    return lost.of == given.of and lost.what == "delivery" and not after


SHOWN: dict[str, Callable[[Seen], bool]] = SQS_SHOWN | {
    "redis/no-redelivery-by-itself": stays_with_the_dead,
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
    "rabbitmq/server-named": named_by_the_server,
    "rabbitmq/prefetch-per-channel": shared_by_two_consumers,
    "rabbitmq/exclusive-quorum-ignored": lets_others_beside,
    "rabbitmq/single-active-next": next_of_the_highest,
    "rabbitmq/single-active-rests": rests_until_woken,
    "rabbitmq/quorum-consumer-again": holds_what_it_held,
    "rabbitmq/ack-timeout-of-its-own": shorter_ones_go_first,
    "rabbitmq/tx-commit": waits_for_the_commit,
    "rabbitmq/tx-errors-at-once": wrong_tag_at_once,
    "rabbitmq/priority-unwatched-ttl": delivered_after_its_time,
    "rabbitmq/priority-quorum-ignored": no_priority_at_all,
    "rabbitmq/quorum-prefetch-2000": two_thousand_and_no_more,
    "rabbitmq/quorum-consumer-count": counts_a_get,
    "rabbitmq/direct-reply-to-tag": reply_uses_no_tag,
    "rabbitmq/alarm-takes-empty-body": empty_one_is_taken,
    "rabbitmq/policy-one-kind": one_kind_alone,
    "rabbitmq/cluster-metadata-majority": waits_for_a_majority,
    "rabbitmq/x-death-record": counts_rise,
    "rabbitmq/x-death-turned-round": three_deaths_are_read,
    "rabbitmq/delivery-limit-below-zero": gone_at_the_first_return,
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

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


@every_rule
def test_the_scenario_that_a_rule_names_shows_it(rule: Rule) -> None:
    if rule.id in SHOWN:
        assert SHOWN[rule.id](Seen(rule.scenario))
    else:
        assert rule.id in {event.rule for event in played(rule.scenario)}


@every_rule
def test_show_me_finds_the_moment(rule: Rule) -> None:
    """A rule that no event of its scenario quotes says itself at which event it is to be seen."""
    assert moment(rule.id, (SCENARIOS / f"{rule.scenario}.yaml").read_text(encoding="utf-8")) is not None
    assert (rule.moment is not None) == (rule.id in SHOWN)


def test_a_rule_that_events_quote_is_shown_by_its_event() -> None:
    """The few that the engine quotes elsewhere, in errors that no program makes, or in reasons, are shown by something else."""
    elsewhere = {"rabbitmq/sender-selected", "rabbitmq/tx-commit", "rabbitmq/cluster-metadata-majority"}
    elsewhere |= {
        f"sqs/{name}"
        for name in (
            "batch-refused",
            "crash-unnoticed",
            "message-attributes",
            "receive-at-most-ten",
            "receipt-handle",
            "queue-name",
        )
    }
    assert {name for name in SHOWN if name in emitted()} <= elsewhere


def test_each_scenario_of_the_rules_is_named_by_a_rule_and_has_no_place_in_the_gallery() -> None:
    named = {rule.scenario for rule in RULES.values()}
    files = sorted(path.relative_to(SCENARIOS) for path in (SCENARIOS / "rules").glob("*.yaml"))
    assert files
    for file in files:
        assert str(Path(file).with_suffix("")) in named
        assert "\ngallery: false\n" in (SCENARIOS / file).read_text(encoding="utf-8")
