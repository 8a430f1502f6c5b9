"""Bugs planted in the engine, one at a time (soak/planted.yaml): is each of them caught within two minutes?

By the replay of recorded cases, by the laws or by the differential test; in the parts of Kafka by replay or by their tests.
Each bug lives in a process of its own (soak/plant.py); no file is changed."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from mqlab.replay.compare import replay
from soak import differential, laws, redis_differential
from soak.plant import BUGS, Bug
from tests.conftest import rabbitmq_answers, redis_answers
from tests.engine.random_lab import POLLING_FAR
from tests.sqs_differential import compare as moto

BOUND_S = 120
ROOT = Path(__file__).resolve().parents[1]
TRACES = (
    "rabbitmq_3_10", "rabbitmq_3_10_more", "rabbitmq", "topic_match", "headers_match", "redis", "redis_glob", "sqs",
)  # fmt: skip
KAFKA_TRACES = ("kafka_murmur2", "kafka_assignors", "kafka_assignors_3_9")
KAFKA_TESTS, SLOW = "tests/engine/test_kafka_*.py", "librdkafka"


def disagreeing(traces: tuple[str, ...] = TRACES) -> list[str]:
    """The recorded cases that do not agree, by file and name."""
    found = []
    for name in traces:
        recorded = json.loads((ROOT / "tests" / "traces" / f"{name}.json").read_text(encoding="utf-8"))
        found += [f"{name}: {line.split(', step')[0]}" for line in replay(recorded).disagreements]
    return found


def catch(known: list[str], seed: int, kind: str = "rabbitmq") -> str:
    """In the bug's own process: try everything until something notices. Returns what did; "": nothing."""
    end = time.monotonic() + BOUND_S
    try:
        if set(disagreeing(KAFKA_TRACES if kind == "kafka" else TRACES)) - set(known):
            return "replay"
    except Exception as error:
        return f"replay ({type(error).__name__})"
    if kind == "kafka":  # parts, and no broker that a program could be played on
        return "tests" if _kafka_tests_fail() else ""
    real = {"redis": redis_answers, "sqs": lambda: True}.get(kind, rabbitmq_answers)()
    by_laws: tuple[str, Callable[[int], object]] = ("laws", _polling_laws if kind == "sqs" else laws.trial)
    differs = {"redis": _redis_differs, "sqs": _moto_differs}.get(kind, _differs)
    turns = cycle([by_laws] + [("differential", differs)] * 3 if real else [by_laws])
    for kind, find in turns:
        if time.monotonic() > end:
            return ""
        try:
            if find(seed) is True:
                return kind
        except Exception as error:
            return kind if isinstance(error, AssertionError) else f"{kind} ({type(error).__name__})"
        seed += 1
    return ""


def _kafka_tests_fail() -> bool:
    files = sorted(str(path) for path in ROOT.glob(KAFKA_TESTS) if SLOW not in path.name)
    with contextlib.redirect_stdout(io.StringIO()):
        return (
            pytest.main(["-q", "-x", "--assert=plain", "-p", "no:cacheprovider", *files])
            != pytest.ExitCode.OK
        )


def _differs(seed: int) -> bool:
    return bool(differential.differences(seed, at_most=1))


def _redis_differs(seed: int) -> bool:
    return redis_differential.difference(seed) is not None


def _moto_differs(seed: int) -> bool:
    return any(moto.differ(seed * 4 + n) for n in range(4))


def _polling_laws(seed: int) -> str:
    return laws.trial(seed, POLLING_FAR)


def caught(bug: Bug, known: list[str], seed: int) -> str:
    """What catches a bug, asked of a process of its own. Raises RuntimeError where that process fails."""
    words = [sys.executable, "-m", "soak.plant", bug.name, str(seed)]
    try:
        done = subprocess.run(
            words, cwd=ROOT, input=json.dumps(known), capture_output=True, text=True, timeout=BOUND_S + 60
        )
    except subprocess.TimeoutExpired:
        return "time: the engine stands still"
    if done.returncode:
        raise RuntimeError(f"{bug.name}: {done.stderr[-2000:]}")
    return done.stdout.strip()


def trial(number: int) -> str:
    """All bugs, each with the programs of this seed. Prints the table. Raises AssertionError where one is not caught."""
    known = disagreeing()
    missed = []
    for bug in BUGS:
        began = time.monotonic()
        by = caught(bug, known, number)
        missed += [] if by else [bug.name]
        print(f"{bug.name:<60} {by or 'NOT CAUGHT':<32} {time.monotonic() - began:5.1f} s", flush=True)
    assert not missed, f"not caught: {', '.join(missed)}"
    return f"{len(BUGS)} of {len(BUGS)} planted bugs were caught"
