"""A scenario that uses much of the format, for tests to read and to spoil."""

TEXT = """\
format: 1
title: Two workers
about: One queue, two workers.
seed: 7
brokers:
  rabbit:
    kind: rabbitmq
    version: "4.3"
    exchanges:
      orders: {type: topic}
      dead: {type: fanout}
    queues:
      billing: {arguments: {x-queue-type: quorum, x-delivery-limit: 3, x-dead-letter-exchange: dead}}
      graveyard: {durable: true}
    bindings:
      - {source: orders, destination: billing, routing_key: "order.*"}
      - {source: dead, destination: graveyard}
programs:
  web:
    kind: producer
    broker: rabbit
    publish: {exchange: orders, routing_key: order.created, keys: [A, B, C], body: 'n {n}'}
    rate: {poisson: 4}
    confirms: true
  worker:
    kind: consumer
    broker: rabbit
    replicas: 2
    queue: billing
    prefetch: 2
    ack: after
    service: {exponential_ms: 400}
    fail: {chance: 0.1, when: {attempt_at_most: 2}, then: nack_requeue}
links:
  default: {latency_ms: 60}
  worker: {latency_ms: 5}
first_act:
  say: Crash worker-1 while it holds A
  command: {do: crash, node: worker-1}
  when: {event: Started, where: {program: worker-1}}
goals:
  - {say: It came back, event: Delivered, where: {redelivered: true}}
  - {say: Nothing was lost, never: {event: Lost, where: {what: message}}, until_s: 30}
"""


def spoiled(old: str, new: str) -> str:
    """The text with one thing else in it."""
    assert TEXT.count(old) == 1, f"{old!r} is there {TEXT.count(old)} times"
    return TEXT.replace(old, new)
