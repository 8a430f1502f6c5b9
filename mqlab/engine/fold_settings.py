"""How the rarer events change the picture: what a broker's settings become, and what the judges and the lesson say.

The others are in fold.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mqlab.engine import events as e
from mqlab.engine.scene import Scene


def _member_changed(scene: Scene, event: e.MemberChanged) -> None:
    settings = scene.nodes[event.broker].settings
    settings["members"] = {**settings["members"], event.member: event.status}


def _leader_changed(scene: Scene, event: e.LeaderChanged) -> None:
    scene.nodes[event.queue].settings["leader"] = event.leader


def _policy_set(scene: Scene, event: e.PolicySet) -> None:
    settings = scene.nodes[event.broker].settings
    policy = {
        "pattern": event.pattern,
        "definition": event.definition,
        "priority": event.priority,
        "apply_to": event.apply_to,
    }
    settings["policies"] = {**settings.get("policies", {}), event.policy: policy}


def _policy_cleared(scene: Scene, event: e.PolicyCleared) -> None:
    settings = scene.nodes[event.broker].settings
    left = {name: one for name, one in settings["policies"].items() if name != event.policy}
    settings["policies"] = left
    if not left:
        del settings["policies"]


def _active_changed(scene: Scene, event: e.ActiveChanged) -> None:
    scene.nodes[event.queue].settings["active_consumer"] = event.program


def _goal_met(scene: Scene, event: e.GoalMet) -> None:
    scene.goals[event.goal] = "broken" if event.broken else "met"


def _act_offered(scene: Scene, event: e.ActOffered) -> None:
    scene.offered = True


def _prediction_due(scene: Scene, event: e.PredictionDue) -> None:
    scene.predictions[event.prediction] = "due"


def _prediction_settled(scene: Scene, event: e.PredictionSettled) -> None:
    scene.predictions[event.prediction] = str(event.choice)


def _verdict_changed(scene: Scene, event: e.VerdictChanged) -> None:
    scene.verdicts[event.verdict] = event.value


def _storm(scene: Scene, event: e.Storm) -> None:
    scene.storm = event.why


APPLY_SETTINGS: dict[type[e.Event], Callable[[Scene, Any], None]] = {
    e.MemberChanged: _member_changed,
    e.LeaderChanged: _leader_changed,
    e.PolicySet: _policy_set,
    e.PolicyCleared: _policy_cleared,
    e.ActiveChanged: _active_changed,
    e.GoalMet: _goal_met,
    e.ActOffered: _act_offered,
    e.PredictionDue: _prediction_due,
    e.PredictionSettled: _prediction_settled,
    e.VerdictChanged: _verdict_changed,
    e.Storm: _storm,
}
