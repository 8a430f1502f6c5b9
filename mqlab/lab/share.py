"""Share: freeze a recording so that its address keeps showing the same, whatever becomes of defaults and engine."""

from __future__ import annotations

from collections.abc import Iterable

from mqlab.engine import VERSION, scenario
from mqlab.engine.limits import RECORDING_S_MAX
from mqlab.engine.recording import Recording as EngineRecording
from mqlab.engine.recording import run
from mqlab.lab import journal
from mqlab.lab.models import Command, Recording
