"""What the gallery's scenarios promise can be done in them: each goal is met by the acts that its text suggests."""

from __future__ import annotations

from pathlib import Path

import msgspec

from mqlab.engine import commands as c
from mqlab.engine import events as e
from mqlab.engine.scenario import load
from tests.engine.judged import Lab

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "scenarios"


def opened(slug: str) -> Lab:
    return Lab((FOLDER / f"{slug}.yaml").read_text(encoding="utf-8"))


def goals(run: Lab) -> list[str]:
    return list(run.world.judges[1].goals)


def first_act(slug: str, number: int = 0) -> c.AnyCommand:
    act = load((FOLDER / f"{slug}.yaml").read_text(encoding="utf-8")).first_act
    assert act is not None
    command = act.command
    return msgspec.structs.replace(command, number=number) if isinstance(command, c.Publish) else command


def test_without_an_act_nothing_but_time_meets_a_goal() -> None:
    assert goals(opened("consumer-dies-before-ack").run(60)) == ["open", "met", "open"]
    assert goals(opened("who-gets-order-eu-paid").run(60)) == ["open", "open", "open"]


def test_a_crash_before_the_ack_brings_the_payment_back_and_loses_nothing() -> None:
    run = opened("consumer-dies-before-ack")
    held = run.run_until(e.Started, program="worker-1")
    run.do(first_act("consumer-dies-before-ack")).run(40)
    again = next(
        one for one in run.told if isinstance(one, e.Delivered) and one.of == held.of and one.redelivered
    )
    assert again.program == "worker-2"
    assert goals(run) == ["met", "met", "open"]
    assert run.verdicts == {}


def test_a_restart_of_the_broker_while_an_ack_travels_charges_a_card_twice() -> None:
    run = opened("consumer-dies-before-ack").run(5)
    run.run_until(e.Acked)
    run.do(c.Restart("rabbit")).run(10)
    assert goals(run)[2] == "met"
    assert run.verdict("duplicated") >= 1
    assert run.verdict("lost") == 0


def test_acking_before_the_work_loses_the_payment_in_hand() -> None:
    run = opened("consumer-dies-before-ack").run(3)
    run.do(c.Change("worker-1", {"ack": "before"}))
    run.run_until(e.Acked, program="worker-1")
    run.run(0.4).do(c.Crash("worker-1")).run(1)
    assert goals(run)[1] == "broken"
    assert run.verdict("lost") == 1


def test_three_of_four_queues_get_order_eu_paid() -> None:
    slug = "who-gets-order-eu-paid"
    run = opened(slug).run(4).do(first_act(slug, 1)).run(5)
    routed = next(one for one in run.told if isinstance(one, e.Routed) and one.of[0].startswith("you-1@"))
    assert sorted(routed.to) == ["audit", "billing", "europe"]
    assert goals(run) == ["met", "open", "open"]
    run.do(c.Bind("orders", "dashboard", "order.#")).do(first_act(slug, 2)).run(2)
    assert goals(run) == ["met", "met", "open"]
    run.do(c.Publish("orders", "invoice.us.paid", number=3)).run(2)
    assert goals(run) == ["met", "met", "met"]


def test_a_key_of_two_words_reaches_the_dashboard_as_it_is() -> None:
    run = opened("who-gets-order-eu-paid").do(c.Publish("orders", "order.paid", number=1)).run(3)
    assert goals(run) == ["open", "met", "open"]


def test_the_labs_keep_up_with_their_producers() -> None:
    for slug in ("consumer-dies-before-ack", "who-gets-order-eu-paid"):
        run = opened(slug).run(120)
        for queue in run.world.brokers["rabbit"].queues.values():
            assert len(queue) < 10
        assert run.verdict("stuck") == 0
