"""One contract, two counts: what :class:`workflow.ports.Limiter` promises holds in memory and in Redis alike."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator

import pytest

from gateways import limiter
from gateways.limiter import SlidingLimiter
from workflow.ports import CacheUnavailable, Limiter

REDIS_URL = os.environ.get("ZHUISU_TEST_REDIS_URL", "")


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Limiter, Limiter]]:
    """Two handles on one count: in Redis two clients, as in two processes."""
    if request.param == "memory":
        limiter = SlidingLimiter.in_memory()
        yield limiter, limiter
        return
    prefix = f"test-{secrets.token_hex(8)}"
    one, two = (SlidingLimiter.from_url(REDIS_URL, prefix=prefix) for _ in range(2))
    yield one, two
    await one._storage.reset()
    await one.aclose()
    await two.aclose()


async def test_so_many_and_no_more(pair: tuple[Limiter, Limiter]) -> None:
    one, two = pair
    answers = [await each.hit("k", 3, 60) for each in (one, two, one, two)]
    assert [(answer.allowed, answer.limit, answer.remaining) for answer in answers] == [
        (True, 3, 2),
        (True, 3, 1),
        (True, 3, 0),
        (False, 3, 0),
    ]
    assert 0 <= answers[-1].reset <= 60


async def test_each_key_is_counted_apart(pair: tuple[Limiter, Limiter]) -> None:
    one, _ = pair
    assert [(await one.hit(key, 1, 60)).allowed for key in ("a", "b", "a")] == [True, True, False]


async def test_of_many_at_once_only_so_many_pass(pair: tuple[Limiter, Limiter]) -> None:
    answers = await asyncio.gather(*(each.hit("k", 5, 60) for each in pair * 10))
    assert sum(answer.allowed for answer in answers) == 5


async def test_time_gives_back(pair: tuple[Limiter, Limiter]) -> None:
    one, _ = pair
    assert (await one.hit("k", 1, 1)).allowed
    async with asyncio.timeout(5):
        while not (await one.hit("k", 1, 1)).allowed:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_an_absent_redis_is_said_in_our_own_words(unused_tcp_port: int) -> None:
    limiter = SlidingLimiter.from_url(f"redis://:hunter2@127.0.0.1:{unused_tcp_port}/0")
    with pytest.raises(CacheUnavailable) as caught:
        await limiter.hit("k", 1, 1)
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__context__ is None
    await limiter.aclose()


async def test_in_memory_old_keys_are_looked_for_now_and_then_not_at_every_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = SlidingLimiter.in_memory()
    await counts.hit("a", 1, 60)
    looking = counts._storage.timer
    assert looking is not None
    await looking
    for key in ("b", "c"):
        await counts.hit(key, 1, 60)
    assert counts._storage.timer is looking
    monkeypatch.setattr(limiter, "SWEEP_SECONDS", 0)
    await counts.hit("d", 1, 60)
    assert counts._storage.timer is not looking
    await counts._storage.timer
