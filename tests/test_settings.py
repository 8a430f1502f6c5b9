"""Settings: safe by default, and production mode passes Django's own deployment check."""

from __future__ import annotations

import http.client
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from mqlab.secret import CHARACTERS_MIN, read_or_make
from tests.lab_server import ROOT, LabServer, clean_environment

PRODUCTION = {
    "MQLAB_MODE": "production",
    "MQLAB_HOSTS": "lab.example.org",
    "MQLAB_SECRET": "k3Jf-92hsA.qPz71mVbX_4tRwYc8uNe5LgDo6iHaTsQrWvZxBn",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("proxy", ["0", "1"])
def test_the_deployment_check_is_clean_in_production(proxy: str, tmp_path: Path) -> None:
    result = manage(
        "check",
        "--deploy",
        "--fail-level=INFO",
        MQLAB_DATA=str(tmp_path),
        MQLAB_BEHIND_PROXY=proxy,
        **PRODUCTION,
    )
    assert result.returncode == 0, result.stderr
    assert "no issues (0 silenced)" in result.stdout


def test_behind_a_proxy_that_ended_https_the_site_answers_and_otherwise_sends_there(tmp_path: Path) -> None:
    server = LabServer(tmp_path / "data", MQLAB_BEHIND_PROXY="1", **PRODUCTION).start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request(
            "GET", "/rules/", headers={"Host": "lab.example.org", "X-Forwarded-Proto": "https"}
        )
        answer = connection.getresponse()
        assert answer.status == 200
        assert "max-age" in (answer.getheader("Strict-Transport-Security") or "")
        answer.read()

        connection.request("GET", "/rules/", headers={"Host": "lab.example.org"})
        answer = connection.getresponse()
        assert answer.status == 301
        assert answer.getheader("Location") == "https://lab.example.org/rules/"
        connection.close()
    finally:
        server.kill()


def test_every_host_in_the_world_is_refused_in_production(tmp_path: Path) -> None:
    result = manage("check", MQLAB_DATA=str(tmp_path), **{**PRODUCTION, "MQLAB_HOSTS": "*"})
    assert result.returncode == 2
    assert "MQLAB_HOSTS" in result.stderr


def test_the_models_and_the_migrations_agree(tmp_path: Path) -> None:
    result = manage("makemigrations", "--check", "--dry-run", MQLAB_DATA=str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_nothing_is_written_by_loading_the_settings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert manage("help", MQLAB_DATA=str(data)).returncode == 0
    assert not data.exists()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_the_secret_lies_beside_the_database_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    made = read_or_make(path)
    assert len(made) >= CHARACTERS_MIN
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_make(path) == made

    path.chmod(0o644)
    assert read_or_make(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_that_a_crash_cut_short_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("")
    made = read_or_make(path)
    assert len(made) >= CHARACTERS_MIN
    assert path.read_text() == made


def test_the_policy_for_scripts_and_styles_allows_this_site_only(client: Client) -> None:
    policy = client.get("/nothing-here").headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert directives["object-src"] == "'none'"
    assert directives["form-action"] == "'self'"
    assert "unsafe" not in policy
    assert "*" not in policy


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(client: Client) -> None:
    headers = client.get("/nothing-here").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_foreign_host_name_is_refused() -> None:
    assert Client().get("/rules/", headers={"host": "evil.example"}).status_code == 400


def test_the_database_writes_ahead_and_locks_before_it_reads(server: LabServer) -> None:
    options = settings.DATABASES["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    header = (server.data / "mqlab.sqlite3").read_bytes()[18:20]
    assert header == b"\x02\x02"  # the file format's own mark of WAL
