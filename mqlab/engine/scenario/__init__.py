"""The scenario format: a text that describes a lab, read strictly into typed values, and written again.

Each broker's part is read by the `spec.py` in its own folder, which is found by looking.
"""

from mqlab.engine.scenario.client import Call, ClientSpec
from mqlab.engine.scenario.consumer import AnswerSpec, ConsumerSpec, FailSpec, FailWhen, ServiceSpec
from mqlab.engine.scenario.error import ScenarioError
from mqlab.engine.scenario.event_filter import EventFilter
from mqlab.engine.scenario.file import Scenario, dump, load
from mqlab.engine.scenario.goal import FirstAct, Goal
from mqlab.engine.scenario.lesson import Choice, Prediction, Step, WrongWay
from mqlab.engine.scenario.links import Links
from mqlab.engine.scenario.message import PublishSpec
from mqlab.engine.scenario.producer import BurstSpec, ProducerSpec, RateSpec, ScriptItem

__all__ = [
    "AnswerSpec",
    "BurstSpec",
    "Call",
    "Choice",
    "ClientSpec",
    "ConsumerSpec",
    "EventFilter",
    "FailSpec",
    "FailWhen",
    "FirstAct",
    "Goal",
    "Links",
    "Prediction",
    "ProducerSpec",
    "PublishSpec",
    "RateSpec",
    "Scenario",
    "ScenarioError",
    "ScriptItem",
    "ServiceSpec",
    "Step",
    "WrongWay",
    "dump",
    "load",
]
