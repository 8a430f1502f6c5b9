"""The scenario format: a text that describes a lab, read strictly into typed values, and written again.

Each broker's part, and its programs', are read by its own folder (kinds.py), which is found by looking.
"""

from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.event_filter import EventFilter
from mqlab.engine.scenario.file import Scenario, dump, load
from mqlab.engine.scenario.goal import FirstAct, Goal
from mqlab.engine.scenario.lesson import Choice, Prediction, Step, WrongWay
from mqlab.engine.scenario.links import Links
from mqlab.engine.scenario.pace import BurstSpec, RateSpec
from mqlab.engine.scenario.service import FailSpec, FailWhen, ServiceSpec

__all__ = [
    "BurstSpec",
    "Choice",
    "EventFilter",
    "FailSpec",
    "FailWhen",
    "FirstAct",
    "Goal",
    "Links",
    "Prediction",
    "RateSpec",
    "Scenario",
    "ScenarioError",
    "ServiceSpec",
    "Step",
    "WrongWay",
    "dump",
    "load",
]
