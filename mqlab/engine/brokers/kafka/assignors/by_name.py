"""The assignors by the names that `partition.assignment.strategy` and `group.remote.assignor` have for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mqlab.engine.brokers.kafka.assignors import (
    cooperative_sticky_assignor,
    range_assignor,
    roundrobin_assignor,
    sticky_assignor,
    uniform_assignor,
)
from mqlab.engine.brokers.kafka.assignors.subscription import Assignment, Members

Assign = Callable[[Mapping[str, int], Members], Assignment]
CLIENT_SIDE: dict[str, Assign] = {
    "range": range_assignor.assign,
    "roundrobin": roundrobin_assignor.assign,
    "sticky": sticky_assignor.assign,
    "cooperative-sticky": cooperative_sticky_assignor.assign,
}
BROKER_SIDE: dict[str, Assign] = {
    "uniform": uniform_assignor.assign,
    "range": range_assignor.assign,
}
