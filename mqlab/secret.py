"""The key that signs sessions in local mode: made at the first start, kept beside the database, readable by
its owner only. Production mode takes it from the environment instead."""

import os
import secrets
from pathlib import Path

CHARACTERS_MIN = 50


def read_or_make(path: Path) -> str:
    """The secret in this file. A file that is missing, or was cut short by a crash, is made anew.

    Raises OSError where the folder cannot be written or the file cannot be read."""
    try:
        found = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make(path)
    if len(found) < CHARACTERS_MIN:
        return _make(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return found


def _make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(48)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
    unfinished.replace(path)  # at once and whole: nobody reads half a secret
    return secret
