"""`manage.py replay FILE…`: run recorded cases on the engine and say where it disagrees with the real thing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mqlab.replay.compare import UnknownFile, replay


class Command(BaseCommand):
    """Exit 0 only if all cases agree; needs neither database nor secret."""

    help = "Run recorded cases on the engine: a line for each disagreement, last how many agree."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE… and --actual OUT."""
        parser.add_argument("files", nargs="+", metavar="FILE", help="a recorded file (docs/replay.md)")
        parser.add_argument(
            "--actual", metavar="OUT", help="write the file with every outcome replaced by the engine's own"
        )

    def handle(self, *args: Any, files: list[str], actual: str | None, **options: Any) -> None:
        """Run each file."""
        if actual is not None and len(files) > 1:
            raise CommandError("--actual takes one file at a time: name one FILE.", returncode=2)
        cases = agreed = 0
        for name in files:
            outcome = self._outcome(name)
            for line in outcome.disagreements:
                self.stdout.write(line)
            cases += outcome.cases
            agreed += outcome.agreed
            if actual is not None:
                self._write(Path(actual), outcome.actual)
        self.stdout.write(f"{agreed} of {cases} cases agree")
        if agreed != cases:
            raise SystemExit(1)

    def _outcome(self, name: str) -> Any:
        try:
            recorded = json.loads(Path(name).read_text(encoding="utf-8"))
            return replay(recorded)
        except OSError as error:
            raise CommandError(f"{name} cannot be read: {error.strerror}.", returncode=2) from error
        except ValueError as error:
            raise CommandError(f"{name} is no JSON: {error}.", returncode=2) from error
        except UnknownFile as error:
            raise CommandError(f"{name}: {error}.", returncode=2) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise CommandError(
                f"{name} is not shaped as docs/replay.md says: {error!r}.", returncode=2
            ) from error

    def _write(self, path: Path, actual: dict[str, Any]) -> None:
        try:
            path.write_text(json.dumps(actual, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.", returncode=2) from error
