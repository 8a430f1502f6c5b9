"""What all tests share: no file of the user's is touched, and a tool that is missing is said aloud.

A test marked requires_chromium, requires_rabbitmq or requires_redis is skipped where there is none, unless MQLAB_TEST_REQUIRE
names it (as .ci/run does): then it fails."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.lab_server import LabServer

CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
RABBITMQ = ("127.0.0.1", 5672)
EXPECTED_MS = 20_000
"""How long a page may take to show what it must: as long as a busy machine needs, since what comes is not waited for."""
REDIS = ("127.0.0.1", 6379)

hypothesis_settings.register_profile("mqlab", deadline=None)  # how fast a machine is decides no test
hypothesis_settings.load_profile("mqlab")


def pytest_configure(config: pytest.Config) -> None:
    """Django in this process signs with a secret of the tests' own, and needs no collected static files."""
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # started by a shell's &: what is started here would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    expect.set_options(timeout=EXPECTED_MS)
    settings.SECRET_KEY = "a secret of the tests, which protects nothing at all " * 2
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail what needs a tool that is not here."""
    for tool, find in (
        ("chromium", chromium_path),
        ("rabbitmq", rabbitmq_answers),
        ("redis", redis_answers),
    ):
        if item.get_closest_marker(f"requires_{tool}") is not None and not find():
            missing(tool)


def missing(tool: str, why: str = "") -> NoReturn:
    """Skip, or fail where MQLAB_TEST_REQUIRE names the tool. `why`: what of it is not as the test needs it."""
    why = why or f"{tool} is not here"
    if tool in os.environ.get("MQLAB_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{why}, and MQLAB_TEST_REQUIRE demands it")
    pytest.skip(why)


@functools.cache
def chromium_path() -> str | None:
    """The system's Chromium."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@functools.cache
def rabbitmq_answers() -> bool:
    """Whether a RabbitMQ broker on loopback begins to speak AMQP."""
    try:
        with socket.create_connection(RABBITMQ, timeout=5) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"  # a method frame: Connection.Start
    except OSError:
        return False


@functools.cache
def redis_answers() -> bool:
    """Whether a Redis on loopback answers a PING."""
    try:
        with socket.create_connection(REDIS, timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """One running server for all tests that only look at it. Who kills it takes `own_server`."""
    running = LabServer(tmp_path_factory.mktemp("server") / "data").start()
    yield running
    running.kill()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LabServer]:
    """A running server of this test alone."""
    running = LabServer(tmp_path / "data").start()
    yield running
    running.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Mark the test requires_chromium."""
    path = chromium_path()
    if path is None:
        missing("chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root, as whom CI runs; the pages are our own.
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own. A script's error, a breach of the CSP or anything else that the console calls an
    error fails the test; a connection that the test itself cuts off is none. Time does not stop for lessons, as a reader may
    ask; tests/test_lessons.py has a reader who did not."""
    context = browser.new_context(viewport={"width": 1360, "height": 800})
    context.add_init_script("try { sessionStorage.setItem('mqlab-stops', 'no') } catch { /* about:blank */ }")
    opened = context.new_page()
    errors = watched(opened)
    yield opened
    context.close()
    assert errors == []


def watched(page: Page) -> list[str]:
    """The page's errors from now on."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda said: errors.append(said.text) if said.type == "error" and is_own(said) else None
    )
    return errors


def is_own(said: ConsoleMessage) -> bool:
    """Whether an error is the page's own: not the answer 404 to an address that a test made up, not a server that is away."""
    return not re.match(
        r"WebSocket connection to .* failed|Failed to load resource: (net::ERR_|the server responded with a status of 404)",
        said.text,
    )
