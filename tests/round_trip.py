"""Definitions files through a real RabbitMQ and back: written by the page's code, imported, exported."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any

import msgspec

from mqlab.engine.brokers.rabbitmq.definitions import BROKER
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.scenario import load
from tests.conftest import missing
from tests.node import answers

PARTS = ("exchanges", "queues", "bindings", "policies")


def written(scenario: str, broker: str = BROKER) -> dict[str, Any]:
    """What the page writes of a lab as it begins."""
    scene = msgspec.to_builtins(picture(build(load(scenario), 0)))
    asked = json.dumps({"scene": scene, "broker": broker}).encode()
    made: dict[str, Any] = json.loads(answers("tests/js/definitions_cli.js", [asked])[0])
    return made


def parts(definitions: dict[str, Any], vhost: str = "/") -> dict[str, list[Any]]:
    """What has to survive: sorted, of one virtual host, without what only one version writes."""
    return {
        part: sorted(
            (
                {"internal": False, **_of_part(part, one)} if part == "exchanges" else _of_part(part, one)
                for one in definitions[part]
                if one["vhost"] == vhost
            ),
            key=lambda one: json.dumps(one, sort_keys=True),
        )
        for part in PARTS
    }


def _of_part(part: str, one: dict[str, Any]) -> dict[str, Any]:
    return {key: one[key] for key in sorted(one) if key != "vhost" and (part, key) != ("queues", "type")}


def ctl(*words: str) -> str:
    """What rabbitmqctl says, where there is one that may."""
    program = shutil.which("rabbitmqctl") or missing("rabbitmq", "rabbitmqctl is not here")
    done = subprocess.run(
        [program, "-q", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        missing("rabbitmq", f"rabbitmqctl may not or cannot: {(done.stderr or done.stdout)[:300]}")
    return done.stdout


def through_the_broker(files: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """All of them imported at once, each into a virtual host of its own, and what the broker then exports; the hosts' names."""
    hosts = [f"mqlab-{uuid.uuid4().hex}" for _ in files]
    there: dict[str, Any] = {part: [] for part in PARTS}
    for host, one in zip(hosts, files, strict=True):
        for part in PARTS:
            there[part] += [{**thing, "vhost": host} for thing in one[part]]
    exported: dict[str, Any] = {}
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(json.dumps({**files[0], **there, "vhosts": [{"name": host} for host in hosts]}))
        file.flush()
        Path(file.name).chmod(0o644)  # the broker's own user reads it
        ctl("import_definitions", file.name)
    try:
        for _ in range(10):  # it goes on importing after the answer
            exported = json.loads(ctl("export_definitions", "-"))
            if all(
                sum(one["vhost"] in hosts for one in exported[part]) == len(there[part]) for part in PARTS
            ):
                break
    finally:
        for host in hosts:
            ctl("delete_vhost", host)
    return exported, hosts
