"""Share: freeze a recording, so that its address keeps showing the same whatever becomes of defaults and of
the engine.

The copy holds the scenario with every default written out, the futures it names with their ancestors, the
engine's version and a digest for each 10 s. Under another version the digests say from which second on it
differs."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from mqlab import __version__
from mqlab.engine import scenario
from mqlab.engine.limits import RECORDING_S_MAX
from mqlab.engine.recording import Recording as Lab
from mqlab.engine.recording import run
from mqlab.lab.journal import stored
from mqlab.lab.models import Command, Recording

DIGEST_EVERY_S = 10


class UnknownFuture(Exception):
    """A future that this recording does not have (any more, or not yet: an act may not be stored)."""


def lab(row: Recording) -> Lab:
    """The recording, simulated. Raises scenario.ScenarioError when this engine no longer reads its
    scenario."""
    return Lab(scenario.load(row.scenario), row.seed, [stored(command) for command in row.commands.all()])


def freeze(row: Recording, futures: Iterable[str]) -> Recording:
    """A shared copy with these futures and their ancestors. Raises UnknownFuture."""
    futures = list(dict.fromkeys(futures)) or ["0"]
    commands = {command.name: command for command in row.commands.all()}
    wanted: set[str] = set()
    for future in futures:
        while future != "0" and future not in wanted:
            if future not in commands:
                raise UnknownFuture(future)
            wanted.add(future)
            future = commands[future].parent
    with transaction.atomic():
        made = Recording.objects.create(
            slug=row.slug,
            scenario=scenario.dump(scenario.load(row.scenario)),
            seed=row.seed,
            owner=row.owner,
            engine=__version__,
            made_from=row,
            shared=True,
            futures=futures,
            labels={name: words for name, words in row.labels.items() if name in wanted},
            notes=[note for note in row.notes if note["future"] == "0" or note["future"] in wanted],
        )
        for command in commands.values():
            command.pk, command.recording = None, made
        Command.objects.bulk_create(command for command in commands.values() if command.name in wanted)
        made.digests = digests(made)
        made.save(update_fields=["digests"])
    return made


def digests(row: Recording) -> dict[str, list[str]]:
    """For each named future its digest of every 10 s, until past its last act."""
    recording = lab(row)
    made = {}
    for future in row.futures:
        act = recording.tree.get(future)
        end_s = min(RECORDING_S_MAX, (act.t // 1_000_000 if act else 0) + 2 * DIGEST_EVERY_S)
        made[future] = run(recording.digest(future, end_s // DIGEST_EVERY_S * DIGEST_EVERY_S * 1_000_000))
    return made


def differs_from_s(row: Recording) -> int | None:
    """The second from which on this engine plays the recording otherwise than the one that shared it; None:
    it does not."""
    if not row.shared or row.engine == __version__:
        return None
    now = digests(row)
    firsts = [
        n * DIGEST_EVERY_S
        for future, then in row.digests.items()
        for n, (a, b) in enumerate(zip(then, now[future], strict=False))
        if a != b
    ]
    return min(firsts, default=None)
