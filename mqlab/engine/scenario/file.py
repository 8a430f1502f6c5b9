"""A whole scenario file: text in, a Scenario out; and back, with every default written out."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mqlab.engine import limits
from mqlab.engine.commands import Add, AnyCommand
from mqlab.engine.kinds import kinds, program_words
from mqlab.engine.message import message_of
from mqlab.engine.scenario.error import listed, nearest, shown
from mqlab.engine.scenario.goal import SAY_BYTES_MAX, FirstAct, Goal, read_first_act, read_goals
from mqlab.engine.scenario.lesson import (
    Prediction,
    Step,
    WrongWay,
    read_predictions,
    read_steps,
    read_terms,
    read_wrong_ways,
)
from mqlab.engine.scenario.links import DEFAULT, Links, read_links
from mqlab.engine.scenario.names import check_command, check_filter
from mqlab.engine.scenario.place import CONTROL, Fields, Place, document
from mqlab.engine.scenario.program import ProgramSpec
from mqlab.engine.scenario.settings import check_change
from mqlab.engine.scenario.write import write

FORMAT = 1
TITLE_BYTES_MAX = 200
ABOUT_BYTES_MAX = 4_000
SUMMARY_BYTES_MAX = 300
THEME_BYTES_MAX = 60
ORDER = 1_000
YOU = "you"
OWN_NAMES = "amq."
"""What begins so is the broker's own, and nobody can declare it."""
TAKEN = (YOU, "lab", DEFAULT, "amq.default")
"""Names that programs and brokers cannot have: they mean something already."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
FIELDS = (
    "format", "title", "summary", "about", "seed", "gallery", "theme", "order", "brokers", "programs", "links", "first_act",
    "predict", "goals", "hint", "terms", "solution", "wrong",
)  # fmt: skip


class Scenario(msgspec.Struct, frozen=True):
    """A lab before it runs. `slug`: the file's name without its ending; `gallery`: it is shown there, under the heading
    `theme`, by `order`."""

    slug: str
    title: str
    summary: str = ""
    about: str = ""
    seed: int = 0
    gallery: bool = True
    theme: str = ""
    order: int = ORDER
    brokers: dict[str, Any] = {}
    programs: dict[str, ProgramSpec] = {}
    links: Links = Links()
    first_act: FirstAct | None = None
    predictions: tuple[Prediction, ...] = ()
    goals: tuple[Goal, ...] = ()
    hint: str = ""
    terms: dict[str, str] = {}
    solution: tuple[Step, ...] = ()
    wrong: tuple[WrongWay, ...] = ()
    format: int = FORMAT


def load(text: str, name: str = "scenario.yaml") -> Scenario:
    """A Scenario from the text of a file of this name. Raises ScenarioError: what is wrong, and where."""
    place = document(text, name)
    fields = place.fields(*FIELDS)
    fields.need("format").integer(FORMAT, FORMAT)
    brokers = _brokers(fields)
    programs = _programs(fields, brokers)
    no_goals: tuple[Goal, ...] = ()
    running = [YOU, *(one for role, spec in programs.items() for one in spec.names(role))]
    scenario = Scenario(
        name.rpartition("/")[2].partition(".")[0],
        fields.need("title").text(TITLE_BYTES_MAX, at_least=1, what="a title"),
        fields.get("summary", lambda one: one.text(SUMMARY_BYTES_MAX), ""),
        fields.get("about", lambda one: one.text(ABOUT_BYTES_MAX), ""),
        fields.get("seed", lambda one: one.integer(0, limits.SEED_MAX), 0),
        fields.truth("gallery", True),
        fields.get("theme", lambda one: one.text(THEME_BYTES_MAX), ""),
        fields.get("order", lambda one: one.integer(0, ORDER), ORDER),
        brokers,
        programs,
        fields.get("links", lambda one: read_links(one, list(dict.fromkeys([*programs, *running]))), Links()),
        fields.maybe("first_act", read_first_act, None),
        fields.get("predict", read_predictions, ()),
        goals := fields.get("goals", read_goals, no_goals),
        fields.get("hint", lambda one: one.text(SAY_BYTES_MAX), ""),
        fields.get("terms", read_terms, {}),
        fields.get("solution", read_steps, ()),
        fields.get("wrong", lambda one: read_wrong_ways(one, len(goals)), ()),
    )
    _check_names(scenario, fields)
    return scenario


def dump(scenario: Scenario) -> str:
    """As canonical YAML, with every default written out: load(dump(s), f"{s.slug}.yaml") == s."""
    return write({
        "format": scenario.format,
        "title": scenario.title,
        "summary": scenario.summary,
        "about": scenario.about,
        "seed": scenario.seed,
        "gallery": scenario.gallery,
        "theme": scenario.theme,
        "order": scenario.order,
        "brokers": {name: spec.plain() for name, spec in scenario.brokers.items()},
        "programs": {name: spec.plain() for name, spec in scenario.programs.items()},
        "links": scenario.links.plain(),
        "first_act": scenario.first_act.plain() if scenario.first_act else None,
        "predict": [prediction.plain() for prediction in scenario.predictions],
        "goals": [goal.plain() for goal in scenario.goals],
        "hint": scenario.hint,
        "terms": scenario.terms,
        "solution": [step.plain() for step in scenario.solution],
        "wrong": [way.plain() for way in scenario.wrong],
    })  # fmt: skip


def _plain_name(place: Place, name: str) -> None:
    """Programs and brokers name messages, events and records: their names are plain words."""
    if not PLAIN_NAME.fullmatch(name):
        raise place.error("a name of 1 to 64 letters, digits, _ . or -")
    if name in TAKEN:
        raise place.error("another name (this one is taken by the lab itself)")


def _claim(place: Place, name: str, taken: dict[str, str], what: str) -> None:
    if name in taken:
        raise place.error("a name that nothing else has", f"{name}, which is {taken[name]}")
    if len(taken) >= limits.NODES_MAX:
        raise place.error(
            f"at most {limits.NODES_MAX} nodes (brokers, exchanges, queues and programs)", "one more"
        )
    taken[name] = what


def _brokers(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    place = fields.need("brokers")
    taken: dict[str, str] = {}
    for name, one in place.named(limits.NODES_MAX).items():
        key = place.key(name)
        _plain_name(key, name)
        _claim(key, name, taken, "a broker")
        kind = one.entries(1_000, "fields of a broker").get("kind")
        if kind is None:
            raise one.error("the field kind", "none")
        found[name] = spec = kinds()[kind.choice(kinds())].read(one)
        for node in (*spec.node_names, *spec.members(name)):
            if node in TAKEN:
                raise key.error(f"no exchange or queue named {listed(TAKEN)}", node)
            _claim(key, node, taken, f"in the broker {name}")
    if not found:
        raise place.error("at least one broker", "none")
    return found


def _programs(fields: Fields, brokers: dict[str, Any]) -> dict[str, ProgramSpec]:
    found: dict[str, ProgramSpec] = {}
    if "programs" not in fields:
        return found
    place = fields.need("programs")
    taken = {
        node: f"in the broker {name}" for name, spec in brokers.items() for node in (name, *spec.node_names)
    }
    for name, one in place.named(limits.NODES_MAX).items():
        key = place.key(name)
        _plain_name(key, name)
        found[name] = spec = _program(one, name, brokers)
        for program in spec.names(name):
            _claim(key, program, taken, "a program")
        if name not in taken:  # a role of several: its name is not free either
            taken[name] = "the role of several programs"
    for name, spec in found.items():
        _claim_declared(place.key(name), spec, brokers, taken)
    publishers = [
        (program, name) for name, spec in found.items() if spec.publishes for program in spec.names(name)
    ]
    for producer, role in [(YOU, ""), *publishers]:
        for node in taken:
            if re.fullmatch(rf"{re.escape(producer)}-[0-9]+", message_of(node)):
                at = place.key(role) if role else place
                raise at.error(f"nothing else named like its messages ({producer}-1, {producer}-2…)", node)
    return found


def _claim_declared(key: Place, spec: ProgramSpec, brokers: dict[str, Any], taken: dict[str, str]) -> None:
    """What a client's script declares has a name like any other, unless it is there: then it is declared again."""
    broker = brokers[spec.broker]
    for what, words in kinds()[broker.kind].declares.items():
        there = [name for name, said in broker.named().items() if said == words]
        for name in spec.declares(what):
            declared = f"the {what} of {spec.broker}"
            if name in there or name.startswith(OWN_NAMES) or taken.get(name) == declared:
                continue
            if CONTROL.search(name) is not None:
                raise key.error("names without control characters for what it declares", shown(name))
            if name in TAKEN:
                raise key.error(f"no exchange or queue named {listed(TAKEN)}", name)
            _claim(key, name, taken, declared)


def _program(place: Place, name: str, brokers: dict[str, Any]) -> ProgramSpec:
    entries = place.entries(1_000, "fields of a program")
    for needed in ("kind", "broker"):
        if needed not in entries:
            raise place.error(f"the field {needed}", "none")
    word = entries["kind"].choice(program_words())
    broker = entries["broker"].text(what="the name of a broker")
    if broker not in brokers:
        raise entries["broker"].error(f"a broker: {listed(brokers)}", near=nearest(broker, brokers))
    kind = kinds()[brokers[broker].kind]
    if word not in kind.programs:
        raise entries["kind"].error(f"what talks to {kind.title}: {listed(kind.programs)}")
    return kind.programs[word].read(place, name, brokers[broker])


def _check_names(scenario: Scenario, fields: Fields) -> None:
    """What goals, predictions and acts name must be there."""
    specs = {one: spec for role, spec in scenario.programs.items() for one in spec.names(role)}
    brokers = scenario.brokers
    words = {what for broker in brokers.values() for what in kinds()[broker.kind].declares}
    declared = {
        what: [name for one in specs.values() for name in one.declares(what)] for what in sorted(words)
    }

    def check_act(command: AnyCommand, place: Place) -> None:
        check_command(command, place, list(specs), brokers, declared)
        check_change(command, place, specs, brokers)

    def check_steps(place: Place, steps: tuple[Step, ...]) -> None:
        for one, step in zip(place.items(limits.LESSON_ACTS_MAX), steps, strict=True):
            if isinstance(step.command, Add):
                return  # from here on there may be names that the file does not have
            check_act(step.command, one.entries(len(FIELDS))["command"])

    if scenario.first_act is not None:
        act = fields.need("first_act").entries(len(FIELDS))
        check_act(scenario.first_act.command, act["command"])
        if scenario.first_act.when is not None:
            check_filter(act["when"], [*specs, YOU], brokers, declared)
    if "goals" in fields:
        for one in fields.need("goals").items(limits.GOALS_MAX):
            check_filter(one.entries(len(FIELDS)).get("never", one), [*specs, YOU], brokers, declared)
    if scenario.predictions:
        for one in fields.need("predict").items(limits.PREDICTIONS_MAX):
            asked = one.entries(len(FIELDS))
            check_filter(asked["when"], [*specs, YOU], brokers, declared)
            for choice in asked["choices"].items(limits.CHOICES_MAX):
                check_filter(choice, [*specs, YOU], brokers, declared)
    if scenario.solution:
        check_steps(fields.need("solution"), scenario.solution)
    if scenario.wrong:
        for one, way in zip(fields.need("wrong").items(limits.WRONG_WAYS_MAX), scenario.wrong, strict=True):
            check_steps(one.entries(len(FIELDS))["acts"], way.acts)
