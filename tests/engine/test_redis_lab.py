"""The laws of a recording in labs with a Redis: the picture folded is the picture, in Python and in the browser; nothing is
lost from sight; the same bytes twice; a checkpoint is no other world."""

from __future__ import annotations

import json

import msgspec
import pytest

from mqlab.engine.fold import fold
from mqlab.engine.lab import build
from mqlab.engine.picture import picture
from mqlab.engine.recording import run
from mqlab.engine.scenario import load
from mqlab.engine.scene import Scene
from mqlab.engine.world import restore
from tests.engine.redis_lab import SECOND, lab, text
from tests.test_browser_model import browsers, stretch

SEEDS = range(60)
every_seed = pytest.mark.parametrize("seed", SEEDS)


@every_seed
def test_the_scene_folded_is_the_scene(seed: int) -> None:
    recording, future, chance = lab(seed)
    start = (chance.randint(0, 4) * SECOND, 0)
    end = (start[0] + 3 * SECOND, 0)
    scene = run(recording.scene(future, start))
    fold(scene, stretch(recording, future, start, end))
    scene.at = end
    assert msgspec.to_builtins(scene) == msgspec.to_builtins(run(recording.scene(future, end)))


@every_seed
def test_every_copy_is_accounted_for_and_a_checkpoint_is_no_other_world(seed: int) -> None:
    world = build(load(text(seed)), seed)
    world.run(3 * SECOND)
    again = restore(world.checkpoint())
    assert msgspec.json.encode(again.run(6 * SECOND)) == msgspec.json.encode(world.run(6 * SECOND))
    assert msgspec.to_builtins(picture(again)) == msgspec.to_builtins(picture(world))
    assert world.ledger.conserved
    assert world.ledger.live == len(picture(world).copies)


@every_seed
def test_the_same_twice(seed: int) -> None:
    one, two = lab(seed), lab(seed)
    told = [stretch(recording, future, (0, 0), (6 * SECOND, 0)) for recording, future, _ in (one, two)]
    assert msgspec.json.encode(told[0]) == msgspec.json.encode(told[1])


def test_the_browser_folds_what_python_folds() -> None:
    asked, wanted = [], []
    for seed in SEEDS:
        recording, future, chance = lab(seed)
        start = (chance.randint(0, 3) * SECOND, 0)
        end = (start[0] + 2 * SECOND, 0)
        scene = run(recording.scene(future, start))
        asked.append(msgspec.json.encode({"scene": scene, "events": stretch(recording, future, start, end)}))
        wanted.append(json.loads(msgspec.json.encode(run(recording.scene(future, end)))))
    for seed, (got, after) in enumerate(zip(browsers(asked), wanted, strict=True)):
        folded, expected = msgspec.convert(got, Scene), msgspec.convert(after, Scene)
        folded.at = expected.at
        for field in Scene.__struct_fields__:
            assert getattr(folded, field) == getattr(expected, field), f"{seed} {field}"
