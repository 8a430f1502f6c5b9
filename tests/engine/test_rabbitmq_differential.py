"""Three hundred random programs on the real broker of this machine and on the model of its version: the same outcomes.

`make soak ARGS="differential"` goes on with others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.differential.broker import Broker
from tests.differential.client import Event
from tests.differential.compare import differ, shortest
from tests.differential.model import VERSION
from tests.differential.programs import programs

pytestmark = pytest.mark.requires_rabbitmq
PROGRAMS = 300


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    real = Broker()
    if not real.version.startswith(f"{VERSION}."):
        pytest.skip(f"the programs were written for RabbitMQ {VERSION}, and this is {real.version}")
    yield real
    real.close()


@settings(max_examples=PROGRAMS, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(program=programs())
def test_the_real_broker_does_what_the_model_does(broker: Broker, program: list[Event]) -> None:
    found = differ(broker, [one["step"] for one in program])
    if found is not None:
        pytest.fail(str(shortest(broker, found)), pytrace=False)
