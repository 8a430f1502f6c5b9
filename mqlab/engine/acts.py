"""What each command does. Everything is checked before anything changes: an Illegal act leaves the world as it was.

Illegal is what the lab cannot do. What a broker answers with an error is a legal act, and its events are the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mqlab.engine import commands as c
from mqlab.engine.acting import broker, cluster, operate, programs
from mqlab.engine.acting.add import add
from mqlab.engine.acting.publish import publish
from mqlab.engine.commands import Illegal

if TYPE_CHECKING:
    from mqlab.engine.world import World

_DOES: dict[type[c.Command], Callable[[World, Any, str], None]] = {
    c.Publish: publish,
    c.Crash: programs.crash,
    c.Restart: programs.restart,
    c.Slow: programs.slow,
    c.Hang: programs.hang,
    c.Resume: programs.resume,
    c.Cancel: programs.cancel,
    c.CloseChannel: programs.close_channel,
    c.Abort: programs.abort,
    c.Change: programs.alter,
    c.Remove: programs.remove,
    c.Add: add,
    c.Disconnect: operate.disconnect,
    c.Get: operate.get,
    c.Bind: operate.operate,
    c.Unbind: operate.operate,
    c.Purge: operate.operate,
    c.SetPolicy: broker.set_policy,
    c.ClearPolicy: broker.clear_policy,
    c.StopNode: cluster.stop,
    c.CutOff: cluster.stop,
    c.StartNode: cluster.start,
    c.Heal: cluster.heal,
    c.RaiseAlarm: broker.alarm,
    c.ClearAlarm: broker.alarm,
    c.Delete: operate.operate,
}


def apply(world: World, command: c.AnyCommand, cause: str) -> None:
    """Do it. Raises Illegal, with nothing changed."""
    if world.storm:
        raise Illegal("storm", world.storm)
    _DOES[type(command)](world, command, cause)
