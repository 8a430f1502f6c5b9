"""`lab --lan`: one address of this machine, its own names only, and everything else as safe as on loopback.

127.0.0.2 stands for the network's address: it is this machine's own wherever Linux runs, and is not the loopback
address that local mode listens on. Where it is not (macOS), these tests are skipped."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from mqlab.lab.qr import for_terminal
from mqlab.lan import NoLanAddress, lan_address, lan_names
from mqlab.origin import is_same_origin
from tests.lab.lab_page import open_page
from tests.lab_server import ROOT, LabServer, clean_environment, lab

LAN = "127.0.0.2"
SETTINGS = """
import json, socket, sys
socket.gethostname = lambda: "Teachers-Laptop"
from django.conf import settings
names = ["MODE", "DEBUG", "PRODUCTION", "ALLOWED_HOSTS", "LISTEN_ADDRESS", "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_HTTPONLY", "SECURE_SSL_REDIRECT",
    "SECURE_CONTENT_TYPE_NOSNIFF", "X_FRAME_OPTIONS"]
print(json.dumps({name: getattr(settings, name) for name in names} | {"secret": len(str(settings.SECRET_KEY))}))
"""


def bindable(address: str) -> bool:
    try:
        socket.create_server((address, 0)).close()
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not bindable(LAN), reason=f"{LAN} is not an address of this machine")


@pytest.fixture(scope="module")
def class_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    data = tmp_path_factory.mktemp("lan") / "data"
    running = LabServer(data, MQLAB_MODE="lan", MQLAB_LAN_ADDRESS=LAN).start()
    yield running
    running.kill()


def test_its_settings_are_those_of_local_mode_but_for_the_address_and_the_names(tmp_path: Path) -> None:
    environment = {
        **clean_environment(),
        "MQLAB_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "mqlab.settings",
    }
    found = {}
    for mode in ("local", "lan"):
        result = subprocess.run(
            [sys.executable, "-c", SETTINGS],
            cwd=ROOT,
            env={**environment, "MQLAB_MODE": mode, "MQLAB_LAN_ADDRESS": LAN},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        found[mode] = json.loads(result.stdout)
    assert found["lan"]["DEBUG"] is False
    assert found["lan"]["SESSION_COOKIE_HTTPONLY"] is True
    assert found["lan"]["SESSION_COOKIE_SECURE"] is False  # there is no https to send it over
    assert found["lan"]["secret"] >= 50
    assert found["lan"]["ALLOWED_HOSTS"] == [LAN, "teachers-laptop", "teachers-laptop.local"]
    differ = {name for name in found["lan"] if found["lan"][name] != found["local"][name]}
    assert differ == {"MODE", "ALLOWED_HOSTS", "LISTEN_ADDRESS"}


@pytest.mark.parametrize(
    ("host_name", "names"),
    [
        ("Teachers-Laptop", [LAN, "teachers-laptop", "teachers-laptop.local"]),
        ("lab.school.example.", [LAN, "lab.school.example"]),
        ("localhost", [LAN]),
        ("*", [LAN]),
        (".example.org", [LAN]),  # to Django: every name under it
        ("a_b", [LAN]),
        ("", [LAN]),
    ],
)
def test_it_goes_by_its_address_and_its_own_name_only(host_name: str, names: list[str]) -> None:
    assert lan_names(LAN, host_name) == names


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ("everywhere", "IPv4"),
        ("192.168.1", "IPv4"),
        ("::1", "IPv4"),
        ("198.51.100.7", "no address of this machine"),
        ("0.0.0.0", "not all of them"),
    ],
)
def test_an_address_that_is_not_one_of_this_machine_is_refused(wanted: str, word: str) -> None:
    with pytest.raises(NoLanAddress, match=word):
        lan_address(wanted)


def test_without_a_network_it_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mqlab.lan._sends_from", lambda: None)
    monkeypatch.setattr("mqlab.lan._of_host_name", lambda: ["127.0.1.1"])
    with pytest.raises(NoLanAddress, match=r"join the Wi-Fi .* MQLAB_LAN_ADDRESS"):
        lan_address()


def test_an_address_open_to_the_internet_is_not_taken_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mqlab.lan._sends_from", lambda: "8.8.4.4")
    with pytest.raises(NoLanAddress, match="open to the whole internet"):
        lan_address()


def test_a_private_address_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mqlab.lan._sends_from", lambda: "192.168.1.20")
    assert lan_address() == "192.168.1.20"


def test_it_listens_on_that_address_and_on_no_other(class_server: LabServer) -> None:
    assert class_server.host == LAN
    assert "<h1>" in open_page(class_server, "/")[0]
    for other in ("127.0.0.1", "127.0.0.3"):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((other, class_server.port), timeout=2).close()


def test_the_terminal_shows_the_address_and_its_code(class_server: LabServer) -> None:
    address = f"{class_server.url}/"
    assert address in class_server.log
    assert for_terminal(address, colours=False) in class_server.log


def test_a_code_in_colours_is_dark_on_light_whatever_the_terminal() -> None:
    plain, coloured = for_terminal("http://a/", colours=False), for_terminal("http://a/", colours=True)
    assert plain.splitlines()[0].strip("█") == ""  # the quiet zone: light on a dark terminal
    assert coloured.splitlines()[0].strip() == f"\033[30;107m{' ' * len(plain.splitlines()[0])}\033[0m"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost"])
def test_a_foreign_host_name_is_refused(class_server: LabServer, host: str) -> None:
    connection = http.client.HTTPConnection(LAN, class_server.port, timeout=10)
    connection.request("GET", "/rules/", headers={"Host": f"{host}:{class_server.port}"})
    assert connection.getresponse().status == 400
    connection.close()


def test_a_socket_opens_for_its_own_page_only(class_server: LabServer) -> None:
    _, cookie = open_page(class_server, "/lab/")
    address = f"ws://{LAN}:{class_server.port}/ws/lab/"
    with connect(address, origin=class_server.url, additional_headers={"Cookie": cookie}) as page:  # type: ignore[arg-type]
        assert page.response is not None
        assert page.response.status_code == 101
    for origin in (
        f"http://127.0.0.1:{class_server.port}",
        f"https://{LAN}:{class_server.port}",
        "null",
        None,
    ):
        with pytest.raises(InvalidStatus, match="403"):
            connect(address, origin=origin, additional_headers={"Cookie": cookie})  # type: ignore[arg-type]


def test_the_origin_is_compared_whole_in_lan_mode(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = lan_names("192.168.1.20", "teacher")
    headers = [(b"host", b"192.168.1.20:8000")]
    scope = {"type": "websocket", "scheme": "ws", "headers": headers}
    assert is_same_origin({**scope, "headers": [*headers, (b"origin", b"http://192.168.1.20:8000")]})
    for origin in (b"http://192.168.1.20", b"http://192.168.1.21:8000", b"http://teacher:8000", b"null"):
        assert not is_same_origin({**scope, "headers": [*headers, (b"origin", origin)]})


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((LAN, 0)) as taken:
        port = taken.getsockname()[1]
        result = lab("--lan", "--port", str(port), MQLAB_DATA=str(tmp_path), MQLAB_LAN_ADDRESS=LAN)
    assert result.returncode == 2
    assert result.stdout == ""
    assert f"Port {port} is taken" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"MQLAB_MODE": "production"}, "exclude each other"),
        ({"MQLAB_LAN_ADDRESS": "198.51.100.7"}, "no address of this machine"),
    ],
)
def test_what_stands_in_its_way_is_said_in_one_sentence(
    environment: dict[str, str], word: str, tmp_path: Path
) -> None:
    result = lab("--lan", "--port", "0", MQLAB_DATA=str(tmp_path), **environment)
    assert result.returncode == 2
    assert result.stdout == ""
    assert word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_recordings_code_is_a_picture_of_its_address(class_server: LabServer) -> None:
    html, cookie = open_page(class_server, "/lab/consumer-dies-before-ack/")
    found = re.search(r'data-recording="([a-z2-7]{16})"', html)
    assert found is not None
    svg, _ = open_page(class_server, f"/r/{found[1]}/qr.svg", cookie)
    assert svg.startswith("<svg ")
    assert "<script" not in svg
    assert f'data-site="{class_server.url}"' in html


def test_local_mode_has_no_address_for_others(client: Client, db: None) -> None:
    assert configured.MODE == "local"
    assert client.get(reverse("lab:qr", args=["abcdefghijklmnop"])).status_code == 404


def test_a_code_for_a_recording_that_is_not_there_is_not_made(
    client: Client, db: None, settings: Settings
) -> None:
    settings.MODE = "lan"
    assert client.get(reverse("lab:qr", args=["abcdefghijklmnop"])).status_code == 404
