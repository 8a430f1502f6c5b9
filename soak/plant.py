"""python -m soak.plant NAME SEED: the process of one planted bug. Prints what caught it.

It reads from its input which recorded cases disagree also without the bug."""

from __future__ import annotations

import json
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).resolve().parent


class Bug(NamedTuple):
    """`old` stands exactly once in the module of this kind of broker, and becomes `new`."""

    name: str
    module: str
    old: str
    new: str
    kind: str = "rabbitmq"

    @property
    def package(self) -> str:
        """Where the module is."""
        return f"mqlab.engine.brokers.{self.kind}"

    @property
    def file(self) -> Path:
        """What the bug is planted in."""
        return HERE.parent.joinpath(*self.package.split("."), *self.module.split(".")).with_suffix(".py")


FILES = {
    "rabbitmq": "planted.yaml",
    "redis": "planted_redis.yaml",
    "sqs": "planted_sqs.yaml",
    "kafka": "planted_kafka.yaml",
}
BUGS = [
    Bug(one["name"], one["in"], one["old"], one["new"], kind)
    for kind, file in FILES.items()
    for one in yaml.safe_load((HERE / file).read_text(encoding="utf-8"))
]


def changed(bug: Bug) -> str:
    """The module's source with the bug in it. Raises ValueError where it does not apply exactly once."""
    text = bug.file.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        raise ValueError(f"{bug.name}: {bug.old!r} occurs {text.count(bug.old)} times in {bug.module}")
    return text.replace(bug.old, bug.new)


class Planter(PathFinder):
    """Finds the module of the bug, and lets it be made of the changed source."""

    def __init__(self, bug: Bug) -> None:
        self.module = f"{bug.package}.{bug.module}"
        self.text = changed(bug)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:  # type: ignore[override]
        """The spec, for this one module."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == self.module else None
        if spec is not None and spec.origin is not None:
            spec.loader = Changed(fullname, spec.origin, self.text)
        return spec


class Changed(SourceFileLoader):
    """Compiles another source than the file's."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        """The code of the changed source, which is cached nowhere."""
        return compile(self.text, self.path, "exec")


def main(name: str, seed: int) -> None:
    """Plant the bug before anything of the engine is imported."""
    (bug,) = [one for one in BUGS if one.name == name]
    sys.meta_path.insert(0, Planter(bug))
    known: list[str] = json.loads(sys.stdin.read())
    from soak.mutants import catch

    print(catch(known, seed, bug.kind))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
