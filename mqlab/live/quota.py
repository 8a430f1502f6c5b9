"""How much one session may ask for: token buckets by session, not by address (a class sits behind one)."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from mqlab.live import limits

_IDLE_S = 60.0  # longer than any bucket needs to be full again
_BUCKETS_MAX = 256  # recordings a session is remembered for


class Bucket:
    """`rate` tokens a second, at most `burst` saved up."""

    __slots__ = ("_burst", "_rate", "_tokens", "_when")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._tokens, self._when = rate, burst, burst, now

    def take(self, now: float) -> float:
        """Take a token; 0.0, or the seconds until there is one."""
        self._tokens = min(self._burst, self._tokens + (now - self._when) * self._rate)
        self._when = now
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0


class Quota:
    """Of one session, over all its sockets."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        now = clock()
        self._clock = clock
        self._buckets = {
            "any": Bucket(limits.MESSAGES_PER_S, limits.MESSAGES_BURST, now),
            "do": Bucket(limits.DO_PER_S, limits.DO_BURST, now),
            "look": Bucket(limits.LOOKS_PER_S, limits.LOOKS_BURST, now),
            "copy": Bucket(limits.COPIES_PER_S, limits.COPIES_BURST, now),
            "drive": Bucket(limits.DRIVES_PER_S, limits.DRIVES_BURST, now),
        }
        self._more: dict[str, Bucket] = {}
        self.sockets = 0
        self.idle_since = now

    def take(self, what: str) -> float:
        """what: any | do | look | copy | drive. Seconds to wait; 0.0 if it may go ahead."""
        return self._buckets[what].take(self._clock())

    def take_more(self, recording: str) -> float:
        """The same for pulling stretches of one recording."""
        now = self._clock()
        bucket = self._more.get(recording)
        if bucket is None:
            if len(self._more) >= _BUCKETS_MAX:
                del self._more[next(iter(self._more))]
            bucket = self._more[recording] = Bucket(limits.MORE_PER_S, limits.MORE_BURST, now)
        return bucket.take(now)


class Quotas:
    """The quota of each session, remembered for a while after its last socket closed."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._of: dict[str, Quota] = {}

    def enter(self, owner: str) -> Quota | None:
        """A new socket of this session; None if it has too many already."""
        self._forget_idle()
        quota = self._of.setdefault(owner, Quota(self._clock))
        if quota.sockets >= limits.SOCKETS_PER_SESSION_MAX:
            return None
        quota.sockets += 1
        return quota

    def leave(self, quota: Quota) -> None:
        """One of its sockets closed."""
        quota.sockets -= 1
        quota.idle_since = self._clock()

    def _forget_idle(self) -> None:
        now = self._clock()
        for owner, quota in list(self._of.items()):
            if quota.sockets == 0 and now - quota.idle_since > _IDLE_S:
                del self._of[owner]
