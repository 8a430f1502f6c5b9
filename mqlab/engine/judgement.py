"""What the lab's own judges tell: goals, verdicts, and how a lesson goes on. They are events and change nothing."""

from __future__ import annotations

from mqlab.engine.event import Event


class GoalMet(Event, gc=False, omit_defaults=True, tag=True):
    """The goal with this index (from 0) is met; for a `never` goal: it held until its time. broken: it can't be met now."""

    goal: int
    broken: bool = False


class ActOffered(Event, gc=False, omit_defaults=True, tag=True):
    """Now is the moment for the first act that the lesson offers."""


class PredictionDue(Event, gc=False, omit_defaults=True, tag=True):
    """The question with this index (from 0) is to be asked now: what happens next decides it."""

    prediction: int


class PredictionSettled(Event, gc=False, omit_defaults=True, tag=True):
    """What happened answers the question: this choice (from 0) came true."""

    prediction: int
    choice: int


class VerdictChanged(Event, gc=False, omit_defaults=True, tag=True):
    """A verdict's count is now `value`; `of`: the messages that changed it."""

    verdict: str  # lost | duplicated | out_of_order | stuck | dead | conserved
    value: int
    of: tuple[str, ...] = ()


Judgement = GoalMet | VerdictChanged | ActOffered | PredictionDue | PredictionSettled
"""What the lab's own judges say of what happened."""
