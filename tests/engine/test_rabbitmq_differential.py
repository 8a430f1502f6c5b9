"""Three hundred random programs on the real broker of this machine and on the model of its version: the same outcomes.

`make soak ARGS="differential"` goes on with others."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.conftest import missing
from tests.differential.broker import Broker
from tests.differential.client import Event
from tests.differential.compare import Difference, differ, shortest
from tests.differential.model import VERSION
from tests.differential.programs import programs

pytestmark = pytest.mark.requires_rabbitmq
PROGRAMS = 300


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it warns of each close, and many closes are meant
    real = Broker()
    if not real.version.startswith(f"{VERSION}."):
        missing("rabbitmq", f"the programs were written for RabbitMQ {VERSION}, and this is {real.version}")
    yield real
    real.close()


def test_the_real_broker_does_what_the_model_does(broker: Broker) -> None:
    found: list[Difference] = []

    @settings(
        max_examples=PROGRAMS, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(programs())
    def play(program: list[Event]) -> None:
        if not found and (difference := differ(broker, [one["step"] for one in program])) is not None:
            found.append(difference)

    play()
    if found:
        pytest.fail(str(shortest(broker, found[0])), pytrace=False)
