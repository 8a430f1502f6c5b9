"""The client code that an act on a Redis stands for: it is Python, and names what redis-py has."""

from __future__ import annotations

import ast
import json
from typing import Any

import msgspec
import redis
from redis.client import PubSub

from mqlab.engine import commands as c
from tests.node import answers

NODES: dict[str, Any] = {
    "redis": {"what": "broker", "settings": {"kind": "redis"}},
    "orders": {"what": "stream", "settings": {"broker": "redis"}},
    "orders/billing": {"what": "group", "settings": {"broker": "redis"}},
}
COMMANDS: list[c.AnyCommand] = [
    c.PublishTo("it's", "A", "two\nlines"), c.PublishTo("news", repeat=3, every_ms=50), c.Xadd("orders", body='"x"', maxlen=9),
    c.Xtrim("orders", 5), c.Xtrim("orders", 5, approximate=True), c.Delete("orders"), c.Delete("orders/billing"),
    c.Add("mail", "group", {"stream": "orders", "start": "0"}),
    c.Add("ear", "subscriber", {"channels": ["a"], "patterns": ["b*"]}),
    c.Add("worker", "consumer", {"stream": "orders", "group": "billing"}),
]  # fmt: skip


def test_it_is_python_and_calls_what_redis_py_has() -> None:
    asked = [{"command": msgspec.to_builtins(one), "nodes": NODES} for one in COMMANDS]
    for command, line in zip(
        COMMANDS, answers("tests/js/code_cli.js", (json.dumps(one).encode() for one in asked)), strict=True
    ):
        said = json.loads(line)
        texts = [one["text"] for one in said if one["title"] == "Python, redis-py"]
        assert texts, command
        for node in ast.walk(ast.parse(texts[0])):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
            ):
                owner = {"r": redis.Redis, "p": PubSub}.get(node.func.value.id)
                assert owner is None or hasattr(owner, node.func.attr), node.func.attr
