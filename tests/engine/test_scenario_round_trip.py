"""Any scenario survives being shared: what is written with every default out is read as the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mqlab.engine import commands as c
from mqlab.engine import strict_yaml
from mqlab.engine.brokers.rabbitmq.spec import BindingSpec, ExchangeSpec, QueueSpec, RabbitmqSpec
from mqlab.engine.clients.rabbitmq.client_spec import CALLS, DECLARES, SETTLES, Call, ClientSpec
from mqlab.engine.clients.rabbitmq.consumer_spec import AnswerSpec, ConsumerSpec
from mqlab.engine.clients.rabbitmq.producer_spec import ProducerSpec, ScriptItem
from mqlab.engine.clients.rabbitmq.publish_spec import PublishSpec
from mqlab.engine.message import Properties, Timestamp
from mqlab.engine.scenario import (
    BurstSpec,
    Choice,
    EventFilter,
    FailSpec,
    FailWhen,
    FirstAct,
    Goal,
    Links,
    Prediction,
    RateSpec,
    Scenario,
    ServiceSpec,
    Step,
    WrongWay,
    dump,
    load,
)
from mqlab.engine.scenario.file import TAKEN
from mqlab.engine.scenario.write import write
from mqlab.engine.strict_yaml import Mapping, Node, Scalar, Sequence

letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, max_size=40)
says = st.text(letters, min_size=1, max_size=40)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda name: not name.startswith("amq.") and name not in ("rabbit", "asker", "own", "extra", *TAKEN)
)
plain_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.]{0,10}", fullmatch=True)
keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=2)
us = st.integers(1, 10**9)
bare = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0{}"), max_size=40)
templates = st.lists(st.sampled_from(["{key}", "{n}", "{name}", "{}", "a.b", '{"x": 1}']) | bare, max_size=3).map("".join).filter(
    lambda text: not any(f"{{{part}}}" in text.replace("{key}", "").replace("{n}", "").replace("{name}", "") for part in "kn")
)  # fmt: skip
free = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
tables = st.dictionaries(names, free, max_size=3)


@given(tables)
def test_plain_data_survives_our_yaml(data: dict[str, Any]) -> None:
    assert plain(strict_yaml.read(write({"data": data}))) == {"data": data}


def plain(node: Node) -> Any:
    match node:
        case Mapping(fields=fields):
            return {name: plain(one) for name, one in fields.items()}
        case Sequence(items=items):
            return [plain(one) for one in items]
        case Scalar(value=value):
            return value


def whole(value: float) -> float:
    """As the reader gives numbers: an int where it is whole."""
    return int(value) if value == int(value) else value


properties = st.builds(
    Properties,
    content_type=st.none() | texts,
    headers=st.none() | tables.map(lambda table: table or None),
    delivery_mode=st.sampled_from([None, 1, 2]),
    priority=st.none() | st.integers(0, 255),
    expiration=st.none() | texts,
    timestamp=st.none() | st.integers(0, 2**40).map(Timestamp),
)
scripts = st.lists(
    st.builds(
        ScriptItem, us, st.none() | keys, st.none() | bare, st.none() | bare, st.none() | properties,
        st.none() | st.booleans(),
    ),
    min_size=1, max_size=3,
).map(lambda items: tuple(sorted(items, key=lambda item: item.at_us)))  # fmt: skip
rates = (
    st.builds(RateSpec, constant=st.just(0) | st.floats(0.001, 1000).map(whole))
    | st.builds(RateSpec, poisson=st.integers(0, 1000))
    | st.builds(RateSpec, burst=st.builds(BurstSpec, st.integers(1, 1000), st.integers(1_000_000, 10**9)))
    | st.builds(RateSpec, script=scripts)
)
services = (
    st.builds(ServiceSpec, constant_us=st.integers(0, 10**9))
    | st.builds(ServiceSpec, exponential_us=us)
    | st.builds(ServiceSpec, uniform_us=st.tuples(us, us).map(lambda pair: (min(pair), max(pair))))
)
whens = st.builds(
    FailWhen, st.none() | keys, st.none() | bare, st.none() | names, st.none() | st.booleans(), st.none() | st.integers(1, 99)
).map(lambda when: None if when == FailWhen() else when)  # fmt: skip
fails = st.builds(
    FailSpec, st.floats(0, 1), whens, st.sampled_from(["reject", "nack_requeue", "reject_requeue"])
)


def calls(queues: list[str], exchanges: list[str]) -> st.SearchStrategy[Call]:
    """Any call, with any arguments that it may have."""
    named = {"queue": [*queues, "own", ""], "exchange": [*exchanges, "extra"]}

    def arguments(call: str, filled: bool) -> st.SearchStrategy[dict[str, Any]]:
        made: dict[str, st.SearchStrategy[Any]] = {}
        for name, (_, default) in CALLS[call].items():
            if name in named and call in DECLARES:
                made[name] = st.sampled_from(named[name])
            elif isinstance(default, bool) or name == "active":
                made[name] = st.booleans()
            elif isinstance(default, int):
                made[name] = st.integers(0, 65_535)
            elif isinstance(default, dict):
                made[name] = tables
            elif name == "key":
                made[name] = st.just("") | keys
            else:
                made[name] = st.just("{reply_to}") if filled and name in ("queue", "routing_key") else bare
        return st.fixed_dictionaries(made)

    def of(call: str, filled: bool) -> st.SearchStrategy[Call]:
        delivery = st.integers(1, 99) if filled or call in SETTLES else st.none()
        more = properties if call == "basic_publish" else st.just(Properties())
        return st.builds(Call, us, st.just(call), st.integers(1, 16), delivery, arguments(call, filled), more)

    filled = [
        call
        for call, known in CALLS.items()
        if {"queue", "routing_key"} & known.keys() and call not in DECLARES
    ]
    return st.one_of(*(of(call, False) for call in CALLS), *(of(call, True) for call in filled))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    taken = draw(st.lists(names, min_size=2, max_size=8, unique=True))
    half = len(taken) // 2
    exchange_names, queue_names = taken[:half], taken[half:]
    exchanges = {
        name: ExchangeSpec(
            draw(st.sampled_from(["direct", "fanout"])), draw(st.booleans()), draw(st.booleans())
        )
        for name in exchange_names
    }
    queues = {name: QueueSpec(arguments=draw(st.sampled_from(QUEUE_ARGUMENTS))) for name in queue_names}
    bindings = draw(
        st.lists(st.builds(BindingSpec, st.sampled_from(exchange_names), st.sampled_from(queue_names), bare, tables), max_size=3)
    )  # fmt: skip
    rabbit = RabbitmqSpec(
        draw(st.sampled_from(["4.3", "4.0", "3.10"])),
        1,
        draw(st.integers(1000, 10**9)),
        draw(st.integers(0, 10**9)),
        exchanges,
        queues,
        tuple(bindings),
    )
    publish = PublishSpec(
        draw(st.sampled_from([*exchange_names, "", "amq.topic"])), draw(bare),
        tuple(draw(st.lists(keys, min_size=1, max_size=3))), draw(templates), draw(properties), draw(st.booleans()),
    )  # fmt: skip
    producer = ProducerSpec(
        broker="rabbit",
        publish=publish,
        rate=draw(rates),
        confirms=draw(st.booleans()),
        start_us=draw(st.integers(0, 99)),
        stop_us=draw(st.just(0) | us.map(lambda t: t + 100)),
        count=draw(st.integers(0, 99)),
        reconnect_us=draw(st.integers(1000, 10**9)),
    )
    consumer = ConsumerSpec(
        broker="rabbit",
        queues=tuple(draw(st.lists(st.sampled_from(queue_names), min_size=1, max_size=3, unique=True))),
        replicas=draw(st.integers(1, 5)),
        prefetch=draw(st.integers(0, 65_535)),
        ack=draw(st.sampled_from(["after", "before", "auto"])),
        service=draw(services),
        fail=draw(st.none() | fails),
        priority=draw(st.integers(-5, 5)),
        reconnect_us=draw(st.integers(1000, 10**9)),
        start_us=draw(st.none() | st.integers(0, 10**9)),
        answer=draw(st.none() | st.builds(AnswerSpec, templates, st.booleans())),
    )
    free_names = st.builds("p-{}".format, plain_names).filter(lambda name: name not in taken)
    web = draw(free_names)
    worker = draw(free_names.filter(lambda name: not web.startswith(name) and not name.startswith(web)))
    program = consumer.names(worker)[0]
    script = draw(st.lists(calls(queue_names, exchange_names), min_size=1, max_size=4))
    client = ClientSpec(
        "rabbit", tuple(sorted(script, key=lambda call: call.at_us)), draw(st.integers(1000, 10**9))
    )
    goals = (
        Goal(
            draw(says), EventFilter("Delivered", {"redelivered": (draw(st.booleans()),), "queue": tuple(queue_names)}),
            draw(st.integers(1, 99)),
        ),
        Goal(draw(says), EventFilter("Started", {"attempt": (draw(st.integers(1, 9)),), "program": (program,)}), 2, "message"),
        Goal(draw(says), EventFilter("Lost", {"what": ("message",)}), never=True, until_us=draw(st.integers(1000, 600_000_000))),
    )  # fmt: skip
    acts: list[c.AnyCommand] = [
        c.Crash(program),
        c.Restart("rabbit"),
        c.Publish(
            exchange_names[0],
            draw(bare),
            draw(st.just("") | keys),
            draw(texts),
            draw(st.none() | st.just({"a": 1})),
        ),
        c.Change(program, {"prefetch": 3}),
        c.Bind(exchange_names[0], queue_names[0], draw(bare), {"x": [1, {"y": None}]}),
        c.Purge(queue_names[0]),
    ]
    first = st.builds(
        FirstAct,
        says,
        st.sampled_from(acts),
        st.none() | st.just(goals[0].when),
        st.integers(1_000, 600_000_000),
    )
    links = Links(
        draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6)), draw(st.just({}) | st.just({worker: 7}))
    )
    wanted = goals[: draw(st.integers(0, 3))]
    steps = st.lists(st.builds(Step, st.integers(1_000, 600_000_000), st.sampled_from(acts)), max_size=3).map(
        lambda found: tuple(sorted(found, key=lambda step: step.at_us))
    )
    ways = st.builds(WrongWay, says, steps, st.just(tuple(range(len(wanted)))))
    seen = goals[0].when
    choices = st.builds(
        Choice, says, st.just(seen), st.integers(1, 9), st.just(0) | st.integers(1_000, 10**8), texts
    )
    waits = st.builds(Choice, says, st.none(), st.just(1), st.integers(1_000, 10**8), texts)
    pairs = st.tuples(choices, choices) | st.tuples(choices, waits)
    asked = st.builds(Prediction, says, st.just(seen), pairs, st.integers(1, 9))
    return Scenario(
        "s", draw(says), draw(texts), draw(texts), draw(st.integers(0, 2**53 - 1)), draw(st.booleans()),
        draw(st.sampled_from(["", "Dead letters", "a: #1"])), draw(st.integers(0, 1000)),
        {"rabbit": rabbit}, {web: producer, worker: consumer, "asker": client}, links,
        draw(st.none() | first), tuple(draw(st.lists(asked, max_size=3))), wanted, draw(texts),
        draw(st.dictionaries(names, says, max_size=3)), draw(steps), (draw(ways),) if wanted else (),
    )  # fmt: skip


QUEUE_ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"x-queue-type": "quorum", "x-delivery-limit": -1},
    {"x-message-ttl": 0, "x-max-length": 5, "x-overflow": "reject-publish-dlx"},
    {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "a b"},
]


@settings(max_examples=100)
@given(scenarios())
def test_a_scenario_survives_being_shared(scenario: Scenario) -> None:
    text = dump(scenario)
    read = load(text, "s.yaml")
    assert read == scenario
    assert dump(read) == text
