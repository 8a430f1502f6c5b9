"""SQS in a scenario file: queues with their attributes, and what the model chooses where AWS says nothing."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.sqs import attributes as a
from mqlab.engine.brokers.sqs import redrive
from mqlab.engine.brokers.sqs.cost import Price
from mqlab.engine.brokers.sqs.errors import SqsError
from mqlab.engine.brokers.sqs.sampling import LAB, Model
from mqlab.engine.scenario.place import Place, ms

OUTAGE_US = 5_000_000
SERVERS_MAX = 16
IN_FLIGHT_MAX = 120_000
CALLS_MAX = 1_000_000
PRICE_MAX = 1_000.0


class QueueSpec(msgspec.Struct, frozen=True):
    """A queue. `attributes`: as CreateQueue takes them, by their real names; policies as tables, in which a queue's name stands
    for its ARN."""

    attributes: dict[str, Any] = {}

    @property
    def fifo(self) -> bool:
        """Whether it is a FIFO queue."""
        return str(self.attributes.get("FifoQueue", "false")).lower() == "true"


class SqsSpec(msgspec.Struct, frozen=True):
    """One region of one account. `outage_us`: how long it answers nothing when it is restarted."""

    kind: ClassVar[str] = "sqs"
    outage_us: int = OUTAGE_US
    model: Model = LAB
    price: Price = Price()
    queues: dict[str, QueueSpec] = {}

    @property
    def publish_to(self) -> list[str]:
        """What may be sent to."""
        return list(self.queues)

    @property
    def consume_from(self) -> list[str]:
        """What may be received from."""
        return list(self.queues)

    @property
    def node_names(self) -> list[str]:
        """Its nodes of the picture, besides itself."""
        return list(self.queues)

    def members(self, name: str) -> list[str]:
        """Its servers are not to be seen."""
        return []

    def named(self) -> dict[str, str]:
        """All that has a name there, and what it is, as people say it."""
        return dict.fromkeys(self.queues, "a queue")

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "outage_ms": ms(self.outage_us),
            "model": msgspec.structs.asdict(self.model),
            "price": msgspec.structs.asdict(self.price),
            "queues": {name: {"attributes": dict(queue.attributes)} for name, queue in self.queues.items()},
        }


def read(place: Place) -> SqsSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "outage_ms", "model", "price", "queues")
    queues: dict[str, QueueSpec] = {}
    if "queues" in fields:
        places = fields.need("queues").named(limits.NODES_MAX)
        for name, one in places.items():
            queues[name] = read_queue(one, fields.need("queues").key(name), name)
        for name, one in places.items():
            _check_policies(one, name, queues)
    return SqsSpec(
        fields.get("outage_ms", lambda one: one.us(1), OUTAGE_US),
        fields.get("model", read_model, LAB),
        fields.get("price", _price, Price()),
        queues,
    )


def read_model(place: Place) -> Model:
    """What AWS leaves open; what is not named is as LAB has it. Raises ScenarioError."""
    fields = place.fields(*Model.__struct_fields__)
    servers = fields.get("servers", lambda one: one.integer(1, SERVERS_MAX), LAB.servers)
    return Model(
        servers=servers,
        sampled=fields.get("sampled", lambda one: one.integer(1, servers), min(LAB.sampled, servers)),
        reappears=fields.get("reappears", _chance, LAB.reappears),
        old_handle_deletes=fields.get("old_handle_deletes", _chance, LAB.old_handle_deletes),
        in_flight_max=fields.get(
            "in_flight_max", lambda one: one.integer(1, IN_FLIGHT_MAX), LAB.in_flight_max
        ),
        fifo_calls_per_s=fields.get(
            "fifo_calls_per_s", lambda one: one.integer(0, CALLS_MAX), LAB.fifo_calls_per_s
        ),
        fifo_high_calls_per_s=fields.get(
            "fifo_high_calls_per_s", lambda one: one.integer(0, CALLS_MAX), LAB.fifo_high_calls_per_s
        ),
        fifo_scan_messages=fields.get(
            "fifo_scan_messages", lambda one: one.integer(1, IN_FLIGHT_MAX), LAB.fifo_scan_messages
        ),
    )


def _chance(place: Place) -> float:
    return float(place.number(0, 1))


def _price(place: Place) -> Price:
    fields = place.fields("standard", "fifo", "date")
    usual = Price()
    return Price(
        fields.get("standard", lambda one: float(one.number(0, PRICE_MAX)), usual.standard),
        fields.get("fifo", lambda one: float(one.number(0, PRICE_MAX)), usual.fifo),
        fields.get("date", Place.text, usual.date),
    )


def read_queue(place: Place, key: Place, name: str) -> QueueSpec:
    """One queue; `key`: where its name stands. Raises ScenarioError."""
    fields = place.fields("attributes")
    given: dict[str, Any] = {}
    places: dict[str, Place] = {}
    if "attributes" in fields:
        places = fields.need("attributes").entries(50)
        for attribute, one in places.items():
            given[attribute] = _value(one)
    try:
        fifo = a.is_fifo(given)
    except SqsError:
        raise places["FifoQueue"].error('"true" or "false"') from None
    try:
        a.check_name(name, fifo)
    except SqsError as error:
        raise key.error(error.text.rstrip(".")) from None
    for attribute, one in places.items():
        if attribute == "FifoQueue":
            continue
        try:
            a.checked({attribute: given[attribute]}, fifo)
            _read_policy(attribute, given[attribute])
        except SqsError as error:
            raise one.error(_wanted(attribute, error)) from None
    try:
        a.check_throughput({key: value for key, value in given.items() if isinstance(value, str)})
    except SqsError as error:
        raise places["FifoThroughputLimit"].error(error.text.rstrip(".")) from None
    return QueueSpec(given)


def _wanted(attribute: str, error: SqsError) -> str:
    """What should stand there, in words."""
    if attribute in a.WHOLE:
        _, low, high = a.WHOLE[attribute]
        return f"a whole number from {low:,} to {high:,}"
    if attribute in a.CHOICES and error.code == "InvalidAttributeValue":
        return " or ".join(f'"{value}"' for value in a.CHOICES[attribute])
    return f"what SQS takes ({error.text.rstrip('.')})"


def _value(place: Place) -> Any:
    """A string, as the API has it: a number or truth is taken as one. A policy's table stays one."""
    value = place.plain()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if value is None or isinstance(value, list):
        raise place.error("text")
    return value


def text_of(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes as CreateQueue takes them: a policy's table as JSON, and in it ARNs instead of names."""
    return {name: _arns(value) if isinstance(value, dict) else value for name, value in attributes.items()}


def _arns(policy: dict[str, Any]) -> dict[str, Any]:
    made = dict(policy)
    if "deadLetterTargetArn" in made:
        made["deadLetterTargetArn"] = a.ARN + a.name_of(str(made["deadLetterTargetArn"]))
    if isinstance(made.get("sourceQueueArns"), list):
        made["sourceQueueArns"] = [a.ARN + a.name_of(str(one)) for one in made["sourceQueueArns"]]
    return made


def _read_policy(attribute: str, value: Any) -> None:
    """Raises SqsError for a policy that is none."""
    if attribute in a.POLICIES:
        text = a.checked({attribute: value}, False)[attribute]
        (redrive.read if attribute == "RedrivePolicy" else redrive.read_allowed)(text)


def _check_policies(place: Place, name: str, queues: dict[str, QueueSpec]) -> None:
    """A redrive policy's queue must be there, and of the same kind."""
    value = queues[name].attributes.get("RedrivePolicy")
    if value is None:
        return
    policy = redrive.read(a.checked({"RedrivePolicy": value}, False)["RedrivePolicy"])
    at = place.entries(50)["attributes"].entries(50)["RedrivePolicy"]
    if policy is not None and policy.target not in queues:
        raise at.error(
            f"a queue of this file to be the dead-letter queue: {', '.join(queues)}", policy.target
        )
    if policy is not None and queues[policy.target].fifo != queues[name].fifo:
        raise at.error("a dead-letter queue of the same kind, standard or FIFO", policy.target)
