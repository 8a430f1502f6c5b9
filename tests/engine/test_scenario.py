"""The scenario format: what it reads, what it says of what is wrong, and what a running lab may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from mqlab.engine import limits
from mqlab.engine.brokers.rabbitmq.spec import BindingSpec, ExchangeSpec, QueueSpec
from mqlab.engine.clients.rabbitmq.consumer_spec import ConsumerSpec
from mqlab.engine.clients.rabbitmq.producer_spec import ProducerSpec
from mqlab.engine.commands import Crash, Illegal
from mqlab.engine.scenario import ScenarioError, dump, load
from mqlab.engine.scenario.settings import change
from tests.engine.scenario_text import TEXT, spoiled
from tests.engine.wrong_scenarios import WRONG, WRONG_CHANGES

FIXTURES = sorted((Path(__file__).parent.parent.parent / "fixtures" / "scenarios").glob("*.yaml"))


def sentence(text: str) -> str:
    """What the reader says of a wrong text."""
    with pytest.raises(ScenarioError) as caught:
        load(text, "shop.yaml")
    return str(caught.value)


def test_it_reads_what_is_written() -> None:
    scenario = load(TEXT, "shop.yaml")
    assert (scenario.slug, scenario.title, scenario.seed, scenario.gallery) == (
        "shop",
        "Two workers",
        7,
        True,
    )
    rabbit = scenario.brokers["rabbit"]
    assert rabbit.exchanges == {"orders": ExchangeSpec("topic"), "dead": ExchangeSpec("fanout")}
    assert rabbit.queues["graveyard"] == QueueSpec(durable=True)
    assert rabbit.queues["billing"].arguments == {
        "x-queue-type": "quorum",
        "x-delivery-limit": 3,
        "x-dead-letter-exchange": "dead",
    }
    assert rabbit.bindings == (BindingSpec("orders", "billing", "order.*"), BindingSpec("dead", "graveyard"))
    web, worker = scenario.programs["web"], scenario.programs["worker"]
    assert isinstance(web, ProducerSpec)
    assert isinstance(worker, ConsumerSpec)
    assert (web.publish.keys, web.rate.poisson, web.confirms) == (("A", "B", "C"), 4, True)
    assert (worker.queues, worker.service.exponential_us) == (("billing",), 400_000)
    assert worker.names("worker") == ["worker-1", "worker-2"]
    links = scenario.links
    assert (links.of("web"), links.of("worker-2", "worker"), links.exchange_us) == (60_000, 5_000, 20_000)
    assert scenario.first_act is not None
    assert scenario.first_act.command == Crash("worker-1")
    assert [goal.never for goal in scenario.goals] == [False, True]
    assert scenario.goals[1].until_us == 30_000_000


def test_durations_are_rounded_once_to_microseconds() -> None:
    text = spoiled("{exponential_ms: 400}", "{uniform_ms: [0.0014, 1000.0006]}")
    worker = load(text).programs["worker"]
    assert isinstance(worker, ConsumerSpec)
    assert worker.service.uniform_us == (1, 1_000_001)


def test_words_of_yaml_1_1_are_text() -> None:
    assert load(spoiled("title: Two workers", "title: on")).title == "on"
    assert load(spoiled("title: Two workers", "title: 12:30:00")).title == "12:30:00"


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_the_gallery_reads_and_survives_being_shared(path: Path) -> None:
    scenario = load(path.read_text(encoding="utf-8"), path.name)
    assert scenario.slug == path.stem
    assert scenario.about
    assert scenario.first_act is not None
    assert 2 <= len(scenario.goals) <= 3
    assert load(dump(scenario), path.name) == scenario


def test_sharing_writes_every_default_out() -> None:
    shared = dump(load(TEXT))
    for line in ("restart_ms: 1000", "auto_delete: false", "exchange_ms: 20", "stop_ms: null", "priority: 0"):
        assert line in shared
    assert dump(load(shared)) == shared


@pytest.mark.parametrize(("old", "new", "expected"), WRONG, ids=[new[:40] for _, new, _ in WRONG])
def test_it_says_what_is_wrong_where_and_what_was_meant(old: str, new: str, expected: str) -> None:
    assert sentence(spoiled(old, new)) == f"shop.yaml, {expected}"


def test_an_error_has_its_parts() -> None:
    with pytest.raises(ScenarioError) as caught:
        load(spoiled("type: topic", "type: topik"), "shop.yaml")
    error = caught.value
    assert (error.file, error.line, error.column, error.came) == ("shop.yaml", 10, 22, '"topik"')
    assert (error.field, error.nearest) == ("brokers.rabbit.exchanges.orders.type", "topic")


@pytest.mark.parametrize("text", ["", "# nothing\n", "just words", "- 1", "null", "[]", "{}"])
def test_a_text_that_is_no_scenario_is_refused(text: str) -> None:
    assert sentence(text).startswith("shop.yaml, line 1, column 1: expected ")


def test_a_change_is_read_by_the_rules_of_the_file() -> None:
    scenario = load(TEXT)
    worker, rabbit = scenario.programs["worker"], scenario.brokers["rabbit"]
    assert isinstance(worker, ConsumerSpec)
    changed = change(
        worker, {"prefetch": 5, "service": {"constant_ms": 1.5}, "fail": None}, "worker-1", rabbit
    )
    assert isinstance(changed, ConsumerSpec)
    assert (changed.prefetch, changed.service.constant_us, changed.fail) == (5, 1500, None)
    assert (changed.queues, changed.replicas, changed.ack) == (worker.queues, worker.replicas, worker.ack)


def test_a_change_of_publish_keeps_what_it_does_not_name() -> None:
    scenario = load(TEXT)
    settings = {"publish": {"routing_key": "order.{key}"}, "rate": {"constant": 1}}
    changed = change(scenario.programs["web"], settings, "web", scenario.brokers["rabbit"])
    assert isinstance(changed, ProducerSpec)
    assert (changed.publish.routing_key, changed.publish.keys, changed.publish.body) == (
        "order.{key}",
        ("A", "B", "C"),
        "n {n}",
    )
    assert changed.rate.per_s == 1


@pytest.mark.parametrize(("settings", "code", "why"), WRONG_CHANGES, ids=str)
def test_a_wrong_change_is_illegal_and_says_why(settings: dict[str, object], code: str, why: str) -> None:
    scenario = load(TEXT)
    with pytest.raises(Illegal) as caught:
        change(scenario.programs["worker"], settings, "worker-1", scenario.brokers["rabbit"])
    assert (caught.value.code, caught.value.why) == (code, why)


def test_limits_hold_for_the_whole_lab() -> None:
    queues = ", ".join(f"q{n}: {{}}" for n in range(limits.NODES_MAX))
    text = spoiled(
        "graveyard: {durable: true}", f"graveyard: {{}}\n      {queues.replace(', ', chr(10) + '      ')}"
    )
    assert "at most 200" in sentence(text)


def test_a_solution_may_use_what_it_has_added() -> None:
    add = "{at_s: 1, command: {do: add, node: extra, what: queue, settings: {durable: true}}}"
    bind = "{at_s: 2, command: {do: bind, source: orders, destination: extra, routing_key: k}}"
    scenario = load(spoiled("seed: 7", f"seed: 7\nsolution: [{add}, {bind}]"))
    assert [step.at_us for step in scenario.solution] == [1_000_000, 2_000_000]
    assert load(dump(scenario)) == scenario
    assert sentence(spoiled("seed: 7", f"seed: 7\nsolution: [{bind}]")).startswith("shop.yaml, line 5")
