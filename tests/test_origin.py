"""Who may open a socket: the origin is compared whole."""

from __future__ import annotations

import base64
import os
import socket

import pytest
from django.conf import settings
from pytest_django import Settings

from mqlab.origin import is_same_origin
from tests.lab_server import LabServer


def asks(host: str | None, *origins: str, scheme: str = "ws") -> bool:
    headers = [(b"origin", origin.encode()) for origin in origins]
    if host is not None:
        headers.append((b"host", host.encode()))
    return is_same_origin({"type": "websocket", "scheme": scheme, "headers": headers})


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost"])
def test_a_page_of_this_site_may(host: str) -> None:
    assert asks(host, f"http://{host}")


def test_a_port_that_is_the_schemes_own_may_be_left_out() -> None:
    assert asks("localhost:80", "http://localhost")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8001",  # another port
        "https://localhost:8000",  # another scheme
        "http://127.0.0.1:8000",  # another name of the same machine
        "http://localhost.evil.example:8000",
        "http://evil.example",
        "null",
        "",
        "localhost:8000",
        "//localhost:8000",
        "http://localhost:8000/",
        "http://localhost:8000@evil.example",
        "http://evil@localhost:8000",
        "http://localhost:many",
        "http://localhost:99999999",
        "http://[::1",
    ],
)
def test_anything_else_may_not(origin: str) -> None:
    assert not asks("localhost:8000", origin)


def test_a_missing_origin_may_not() -> None:
    assert not asks("localhost:8000")


def test_two_origins_may_not() -> None:
    assert not asks("localhost:8000", "http://localhost:8000", "http://localhost:8000")


def test_a_foreign_name_that_points_to_this_machine_may_not() -> None:
    assert not asks("evil.example:8000", "http://evil.example:8000")


def test_a_missing_host_may_not() -> None:
    assert not asks(None, "http://localhost:8000")


def test_in_production_only_https_may(settings: Settings) -> None:
    settings.PRODUCTION = True
    settings.ALLOWED_HOSTS = ["lab.example.org"]
    assert asks("lab.example.org", "https://lab.example.org")
    assert not asks("lab.example.org", "http://lab.example.org")


def test_local_mode_knows_this_machines_names_only() -> None:
    assert settings.PRODUCTION is False
    assert set(settings.ALLOWED_HOSTS) >= {"127.0.0.1", "localhost", "[::1]"}
    assert "*" not in settings.ALLOWED_HOSTS


def handshake(server: LabServer, origin: str | None) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /ws/lab/ HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    if origin is not None:
        lines.append(f"Origin: {origin}")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return connection.recv(4096).split(b"\r\n")[0]


def test_the_real_server_opens_a_socket_for_its_own_page(server: LabServer) -> None:
    assert b" 101 " in handshake(server, server.url)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_the_real_server_refuses_others_before_the_handshake(server: LabServer, origin: str | None) -> None:
    assert b" 403 " in handshake(server, origin)
