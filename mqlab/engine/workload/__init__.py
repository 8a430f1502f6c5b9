"""One workload, which every broker runs: the same messages at the same moments, the same work, the same mishaps.

**The contract.** A broker takes part by having a file `mqlab/engine/brokers/<kind>/workload.py` with a tuple `SYSTEMS` of
`System`s: one for each way of using it that is worth comparing (a classic queue, a quorum queue). Nothing else is edited;
`systems()` finds it. A System turns a Workload into a lab of its own broker's kind:

- `parts(workload)` is the scenario's own part as plain data, as a scenario file has it: `brokers` and `programs`. `lab_text` puts
  title, seed and links around it and writes the file that anybody can open.
- `commands(workload)` are the mishaps as commands of the lab with their moments (virtual µs), in any order. `mishaps` writes
  those that are the same everywhere (a consumer crashes and starts again, a consumer is slow) and asks
  `restart(workload, at_us)` for the broker's own restart.
- `counterpart(failure)` says where a mishap is something else here, or nothing at all ("Amazon restarts its machines without your
  noticing"). Shown beside the verdicts, so that nobody takes an absence for a strength.

**What must be the same**, so that the systems share their luck (`draw`: keyed by name and number, never by the order of asking):
one producer, whose role is `PRODUCER`, so that its messages are `web-1`, `web-2`…; one role `CONSUMER` with `workload.consumers`
replicas; `rate`, `count`, `keys` and `again` of the producer and `service` and `replicas` of the consumer as `producer_parts` and
`consumer_parts` write them. What is keyed by a message's id, its role, purpose and attempt then draws the same everywhere.
A test holds every System to it: the same names, keys, bodies and moments of publishing, the same time for the same attempt.

**What may be the broker's own**: topology, acks, what a failed message means (`fail.then` or what there is in its place), how
it is asked for messages. Use `batch` (how many a consumer takes or holds at once), `wait_s` (how long it waits where it has
to ask) and `timeout_s` (after how long what was handed out and not answered for goes to another, where only time tells) where
the broker has such a thing, and leave them where it has not. Set nothing up that the workload does not ask for: no dead-letter
queue, no limit that the broker does not have by itself.

- `promise`: one sentence, what this system promises about loss, repetition and order, with links to its rules:
  `[a quorum queue gives up after 20 failures](rabbitmq/delivery-limit)`. A test looks every rule up.
- `charge`: the price of a request where its owner charges for requests, else None.
- What happens to every message of a broker is a kind of event that `run.USUAL` names; whatever else happens to one may be the
  reason that a cell gives.
- `requests` and `request(event)`: which events are a request for which its owner charges, and the request's name there.
"""

from mqlab.engine.workload.failure import (
    AnyFailure,
    BrokerRestart,
    ConsumerCrash,
    DuplicateSend,
    PoisonMessage,
    SlowConsumer,
)
from mqlab.engine.workload.parts import CONSUMER, PRODUCER, consumer_parts, mishaps, producer_parts, worker
from mqlab.engine.workload.system import Charge, System, lab_text, stored, system, systems
from mqlab.engine.workload.text import read, write
from mqlab.engine.workload.workload import NETWORKS, BadWorkload, Workload

__all__ = [
    "CONSUMER",
    "NETWORKS",
    "PRODUCER",
    "AnyFailure",
    "BadWorkload",
    "BrokerRestart",
    "Charge",
    "ConsumerCrash",
    "DuplicateSend",
    "PoisonMessage",
    "SlowConsumer",
    "System",
    "Workload",
    "consumer_parts",
    "lab_text",
    "mishaps",
    "producer_parts",
    "read",
    "stored",
    "system",
    "systems",
    "worker",
    "write",
]
