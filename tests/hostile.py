"""A scenario by a stranger who wants to break the page: texts of every picture-breaking kind where a user may write."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.lab_server import ROOT, LabServer

MARKUP = '<img src=x onerror="window.hit=1">'
BREAKOUT = "</text></svg><script>window.hit=1</script>"
TURNED = "\u202eturned\u2067 around"  # right-to-left override and isolate, neither closed
HEBREW = "\u05ea\u05d5\u05e8 \u05d4\u05d7\u05e9\u05d1\u05d5\u05e0\u05d5\u05ea"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 6
MARKS = "z" + "\u0300\u0301\u0302" * 30 + "algo"
LONG = "long-" * 50
KEYS = ["<b", HEBREW[:2], FAMILY[:1], "z\u0301", "\u202eA", "AB"]
QUOTES = "\"'&amp;]]>&#x3c;%3C"

PREPARE = """
import sys, django
django.setup()
from mqlab import __version__
from mqlab.lab.models import Recording
print(Recording.objects.create(scenario=sys.stdin.read(), seed=1, owner="a stranger", engine=__version__, shared=True).pk)
"""


def scenario() -> str:
    """The file. Every name is a text of another kind, and so are title, keys, headers and body."""

    def text(value: object) -> str:  # a JSON text is a YAML text
        return json.dumps(value, ensure_ascii=False)

    return f"""\
format: 1
title: {text(f"{TURNED} {MARKUP} {LONG[:120]}")}
about: {text(f"{BREAKOUT} {MARKS} {FAMILY} {TURNED}")}
seed: 1
brokers:
  {"rabbit-" * 9}:
    kind: rabbitmq
    exchanges:
      {text(BREAKOUT)}: {{type: topic}}
      {text(MARKS)}: {{type: headers}}
      {text(TURNED)}: {{type: fanout}}
    queues:
      {text(LONG)}: {{arguments: {{x-dead-letter-exchange: {text(TURNED)}, x-max-length: 3}}}}
      {text(HEBREW)}: {{durable: true}}
      {text(FAMILY)}: {{durable: true}}
      {text(QUOTES)}: {{durable: true}}
    bindings:
      - {{source: {text(BREAKOUT)}, destination: {text(LONG)}, routing_key: {text(TURNED)}}}
      - {{source: {text(BREAKOUT)}, destination: {text(HEBREW)}, routing_key: "#"}}
      - {{source: {text(BREAKOUT)}, destination: {text(FAMILY)}, routing_key: {text(MARKUP)}}}
      - {{source: {text(MARKS)}, destination: {text(FAMILY)}, arguments: {{x-match: all, {text(MARKUP)}: {text(TURNED)}}}}}
      - {{source: {text(TURNED)}, destination: {text(QUOTES)}}}
programs:
  {"web-" * 16}:
    kind: producer
    broker: {"rabbit-" * 9}
    publish:
      exchange: {text(BREAKOUT)}
      routing_key: {text(TURNED)}
      keys: {text(KEYS)}
      headers: {{{text(MARKUP)}: {text(TURNED)}}}
      body: {text(MARKUP + TURNED + LONG)}
    rate: {{constant: 4}}
    confirms: true
  {"worker-" * 9}: {{kind: consumer, broker: {"rabbit-" * 9}, queue: {text(HEBREW)}, prefetch: 2, service: {{constant_ms: 700}}}}
  {"W" * 64}: {{kind: consumer, broker: {"rabbit-" * 9}, queue: {text(FAMILY)}, prefetch: 0, service: {{constant_ms: 300}}}}
  {"C" * 64}:
    kind: client
    broker: {"rabbit-" * 9}
    script:
      - {{at_ms: 100, call: queue_declare, queue: {text(MARKUP + TURNED)}, durable: true}}
      - {{at_ms: 200, call: basic_get, queue: {text(BREAKOUT)}}}
      - {{at_ms: 900, call: basic_publish, exchange: {text(BREAKOUT)}, routing_key: {text(MARKUP)}, body: {text(BREAKOUT)},
          properties: {{reply_to: {text(MARKUP)}, correlation_id: {text(TURNED)}}}}}
goals:
  - {{say: {text(f"{TURNED} {LONG[:120]} {MARKUP}")}, event: Crashed}}
"""


def put(server: LabServer, text: str = "") -> str:
    """Share it (or another scenario) on this server as somebody else. Returns the recording's id."""
    environ = server.environment | {"DJANGO_SETTINGS_MODULE": "mqlab.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PREPARE],
        cwd=ROOT,
        env={**os.environ, **environ},
        input=text or scenario(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
