"""`manage.py lab`: starts, says in one sentence what stands in its way, and ends when told to."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from websockets import Origin
from websockets.sync.client import connect

from tests.lab_server import LabServer, lab

ENDS_S_MAX = 2.0


def refuses(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_it_makes_its_data_and_prints_the_address_at_which_the_first_page_answers(tmp_path: Path) -> None:
    server = LabServer(tmp_path / "not-yet").start()
    try:
        with urllib.request.urlopen(f"{server.url}/", timeout=10) as answer:
            assert b"<h1>" in answer.read()
        assert f"{server.url}/" in server.log
        assert (server.data / "mqlab.sqlite3").exists()
    finally:
        server.kill()


def test_it_listens_on_this_machine_only(server: LabServer) -> None:
    host = socket.gethostbyname(socket.gethostname())
    if host.startswith("127."):
        host = "127.0.0.2"  # another address of loopback: a server on all addresses would answer
    with pytest.raises((ConnectionRefusedError, TimeoutError)):
        socket.create_connection((host, server.port), timeout=2).close()


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refuses(lab("--port", str(port), MQLAB_DATA=str(tmp_path)), f"Port {port} is taken", "--port")


@pytest.mark.parametrize(
    "options", [["--port", "many"], ["--port", "70000"], ["--port", "-1"], ["--colour"], ["extra"]]
)
def test_a_bad_option_is_said_in_one_sentence(options: list[str], tmp_path: Path) -> None:
    refuses(lab(*options, MQLAB_DATA=str(tmp_path)), "--port")


def test_a_data_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    refuses(lab("--port", "0", MQLAB_DATA=str(tmp_path / "file" / "data")), "cannot write", "MQLAB_DATA")


def test_a_file_in_place_of_the_data_folder_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    refuses(lab("--port", "0", MQLAB_DATA=str(tmp_path / "data")), "cannot write", "MQLAB_DATA")


def test_a_broken_database_is_said_in_one_sentence_and_left_alone(tmp_path: Path) -> None:
    broken = tmp_path / "mqlab.sqlite3"
    broken.write_text("this is no database at all, whatever its name says" * 100)
    refuses(lab("--port", "0", MQLAB_DATA=str(tmp_path)), "mqlab.sqlite3", "cannot be used")
    assert broken.read_text().startswith("this is no database")


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"MQLAB_MODE": "staging"}, "MQLAB_MODE"),
        ({"MQLAB_MODE": "production"}, "MQLAB_HOSTS"),
        ({"MQLAB_MODE": "production", "MQLAB_HOSTS": "lab.example.org"}, "MQLAB_SECRET"),
    ],
)
def test_a_setting_that_is_wrong_is_said_in_one_sentence(
    environment: dict[str, str], word: str, tmp_path: Path
) -> None:
    refuses(lab("--port", "0", MQLAB_DATA=str(tmp_path), **environment), word)


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_soon_when_told_to_with_connections_open(own_server: LabServer, with_signal: int) -> None:
    idle = http.client.HTTPConnection("127.0.0.1", own_server.port)
    idle.request("GET", "/")
    idle.getresponse().read()
    half = socket.create_connection(("127.0.0.1", own_server.port))
    half.sendall(b"GET / HTTP/1.1\r\nHost: ")

    assert own_server.stop(with_signal) < ENDS_S_MAX

    idle.close()
    half.close()
    assert own_server.process is not None
    assert own_server.process.returncode == 0
    assert "Traceback" not in own_server.log


def test_it_ends_soon_when_told_to_with_a_page_and_its_socket_open(own_server: LabServer) -> None:
    with urllib.request.urlopen(f"{own_server.url}/lab/", timeout=10) as page:
        cookie = page.headers.get("set-cookie", "").split(";")[0]
    address = f"ws://127.0.0.1:{own_server.port}/ws/lab/"
    with connect(address, origin=Origin(own_server.url), additional_headers={"Cookie": cookie}):
        assert own_server.stop(signal.SIGINT) < ENDS_S_MAX

    assert "Traceback" not in own_server.log


def test_a_second_start_finds_its_data_and_collects_nothing_again(own_server: LabServer) -> None:
    collected = own_server.data / "static" / "staticfiles.json"
    before = collected.stat().st_mtime_ns
    own_server.stop()

    own_server.start()

    assert collected.stat().st_mtime_ns == before


def test_it_starts_again_after_a_kill_on_the_same_port(own_server: LabServer) -> None:
    port = own_server.port
    own_server.kill()

    own_server.start()

    assert own_server.port == port
    with urllib.request.urlopen(f"{own_server.url}/", timeout=10) as answer:
        assert answer.status == 200


def test_it_collects_again_after_a_crash_in_the_middle_of_collecting(own_server: LabServer) -> None:
    own_server.stop()
    (own_server.data / "static.collected").unlink()
    (own_server.data / "static" / "staticfiles.json").write_text("{}")

    own_server.start()

    with urllib.request.urlopen(f"{own_server.url}/", timeout=10) as answer:
        assert answer.status == 200
