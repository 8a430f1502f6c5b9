"""The texts of Redis's errors, word for word."""

from __future__ import annotations

from mqlab.engine.brokers.redis.resp import Error

SYNTAX = Error("ERR syntax error")
NOT_INTEGER = Error("ERR value is not an integer or out of range")
WRONG_TYPE = Error("WRONGTYPE Operation against a key holding the wrong kind of value")
NO_SUCH_KEY = Error("ERR no such key")
INVALID_ID = Error("ERR Invalid stream ID specified as stream command argument")
INVALID_START = Error("ERR invalid start ID for the interval")
INVALID_END = Error("ERR invalid end ID for the interval")
ABORTED = Error("EXECABORT Transaction discarded because of previous errors.", "redis/multi-refused")


class Refused(Exception):
    """Ends a command with an error reply."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.text)
        self.error = error


def refuse(text: str, rule: str = "") -> Refused:
    """An error reply to raise."""
    return Refused(Error(text, rule))


def arguments(name: str) -> Error:
    """Too few or too many for this command."""
    return Error(f"ERR wrong number of arguments for '{name}' command")


def subcommand(container: str, word: str) -> Error:
    """Arguments that a subcommand does not take."""
    return Error(
        f"ERR unknown subcommand or wrong number of arguments for '{word[:128]}'. Try {container.upper()} HELP."
    )


def no_group(key: str, group: str) -> Refused:
    """There is no such key, or no such group."""
    return refuse(f"NOGROUP No such key '{key}' or consumer group '{group}'", "redis/group-missing")
