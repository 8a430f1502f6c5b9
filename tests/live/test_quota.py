"""Quotas go by session, fill up again, and outlive a socket."""

from mqlab.live import limits
from mqlab.live.quota import Bucket, Quotas


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(rate=20, burst=40, now=0.0)
    assert [bucket.take(0.0) for _ in range(40)] == [0.0] * 40
    assert bucket.take(0.0) == 1 / 20
    assert bucket.take(0.05) == 0.0
    assert bucket.take(0.05) > 0.0


def test_a_bucket_saves_no_more_than_its_burst() -> None:
    bucket = Bucket(rate=20, burst=2, now=0.0)
    assert [bucket.take(1_000.0) == 0.0 for _ in range(3)] == [True, True, False]


def test_one_recording_pulled_too_fast_leaves_another_free() -> None:
    quota = Quotas(Clock()).enter("alice")
    assert quota is not None
    while quota.take_more("one") == 0.0:
        pass
    assert quota.take_more("two") == 0.0


def test_a_session_has_no_more_sockets_than_it_may() -> None:
    quotas = Quotas(Clock())
    held = [quotas.enter("alice") for _ in range(limits.SOCKETS_PER_SESSION_MAX)]
    assert all(held)
    assert quotas.enter("alice") is None
    assert quotas.enter("bob") is not None
    assert held[0] is not None
    quotas.leave(held[0])
    assert quotas.enter("alice") is not None


def test_a_new_socket_does_not_bring_a_new_burst() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    quota = quotas.enter("alice")
    assert quota is not None
    while quota.take("do") == 0.0:
        pass
    quotas.leave(quota)
    again = quotas.enter("alice")
    assert again is not None
    assert again.take("do") > 0.0


def test_a_session_that_is_long_gone_is_forgotten() -> None:
    clock = Clock()
    quotas = Quotas(clock)
    quota = quotas.enter("alice")
    assert quota is not None
    quotas.leave(quota)
    clock.now += 3_600
    quotas.enter("bob")
    assert quotas.enter("alice") is not quota
