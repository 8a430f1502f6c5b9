"""What the façade raises, named as in redis.exceptions."""

from __future__ import annotations


class RedisError(Exception):
    """Base of all."""


class ResponseError(RedisError):
    """The server answered with an error."""


class ConnectionError(RedisError):  # noqa: A001 - redis-py's name
    """The server hung up, or is not there."""


class ReentrantCall(Exception):
    """A synchronous call from inside the engine. Keep what you need and call when the engine is at rest."""
