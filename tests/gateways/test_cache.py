"""One contract, two caches: what :class:`workflow.ports.Cache` promises must hold in memory and in Redis alike."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator

import pytest

from gateways.cache import MemoryCache, RedisCache
from workflow.ports import Cache, CacheUnavailable

REDIS_URL = os.environ.get("ZHUISU_TEST_REDIS_URL", "")
needs_redis = [
    pytest.mark.redis,
    pytest.mark.skipif(not REDIS_URL, reason="ZHUISU_TEST_REDIS_URL is not set: no Redis to test against"),
]


@pytest.fixture(params=["memory", pytest.param("redis", marks=needs_redis)])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Cache, Cache]]:
    """Two handles on one cache: in Redis two clients, as in two processes."""
    if request.param == "memory":
        cache = MemoryCache()
        yield cache, cache
        return
    prefix = f"test-{secrets.token_hex(8)}:"
    one, two = (RedisCache.from_url(REDIS_URL, prefix=prefix) for _ in range(2))
    yield one, two
    await one._redis.delete(*[key async for key in one._redis.scan_iter(f"{prefix}*")], "nothing")
    await one.aclose()
    await two.aclose()


@pytest.fixture
def cache(pair: tuple[Cache, Cache]) -> Cache:
    return pair[0]


async def test_what_was_put_is_read_by_the_other(pair: tuple[Cache, Cache]) -> None:
    one, two = pair
    assert await one.get("k") is None
    assert await one.put("k", b"\x00\xff\n", 5) is True
    assert await two.get("k") == b"\x00\xff\n"
    assert await two.put("k", "新".encode(), 5) is True
    assert await one.get("k") == "新".encode()


async def test_an_entry_runs_out(cache: Cache) -> None:
    await cache.put("k", b"v", 0.2)
    assert await cache.get("k") == b"v"
    await asyncio.sleep(0.25)
    assert await cache.get("k") is None
    assert await cache.put("k", b"again", 5, only_new=True)


async def test_overwriting_renews_the_lifetime(cache: Cache) -> None:
    await cache.put("k", b"v", 0.05)
    await cache.put("k", b"w", 5)
    await asyncio.sleep(0.08)
    assert await cache.get("k") == b"w"


async def test_only_new_takes_a_key_once(pair: tuple[Cache, Cache]) -> None:
    one, two = pair
    answers = await asyncio.gather(*(c.put("k", b"%d" % i, 5, only_new=True) for i, c in enumerate([one, two] * 10)))
    assert answers.count(True) == 1
    assert await two.get("k") == b"%d" % answers.index(True)


async def test_delete_says_whether_there_was_something(cache: Cache) -> None:
    assert await cache.delete("k") is False
    await cache.put("k", b"v", 5)
    assert await cache.delete("k") is True
    assert await cache.get("k") is None


async def test_delete_only_compares_first(pair: tuple[Cache, Cache]) -> None:
    one, two = pair
    await one.put("k", b"new", 5)
    assert await two.delete("k", only=b"old") is False
    assert await one.get("k") == b"new"
    assert await two.delete("k", only=b"new") is True
    assert await two.delete("k", only=b"new") is False


@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_lifetime_is_positive(cache: Cache, seconds: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        await cache.put("k", b"v", seconds)


async def test_the_lock_lets_one_in(pair: tuple[Cache, Cache]) -> None:
    inside, most, turns = 0, 0, 0

    async def enter(cache: Cache) -> None:
        nonlocal inside, most, turns
        async with cache.lock("k", 5):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.005)
            inside -= 1
            turns += 1

    await asyncio.gather(*(enter(cache) for cache in pair * 5))
    assert (most, turns) == (1, 10)


async def test_a_lock_and_an_entry_of_one_name_do_not_meet(cache: Cache) -> None:
    await cache.put("k", b"v", 5)
    async with asyncio.timeout(1), cache.lock("k", 5):
        assert await cache.get("k") == b"v"
    assert await cache.get("k") == b"v"


async def test_a_holder_who_overstays_loses_the_lock_and_does_not_release_the_next(pair: tuple[Cache, Cache]) -> None:
    one, two = pair
    events: list[str] = []

    async def slow() -> None:
        async with one.lock("k", 0.15):
            events.append("slow in")
            await asyncio.sleep(0.35)
        events.append("slow out")

    async def next_one() -> None:
        await asyncio.sleep(0.03)
        async with two.lock("k", 5):
            events.append("next in")
            await asyncio.sleep(0.4)
            events.append("next out")

    async def third() -> None:
        await asyncio.sleep(0.4)  # the slow one has left, the next still holds it
        async with one.lock("k", 5):
            events.append("third in")

    await asyncio.gather(slow(), next_one(), third())
    assert events == ["slow in", "next in", "slow out", "next out", "third in"]


async def test_a_lock_is_released_by_an_error_and_by_cancellation(cache: Cache) -> None:
    with pytest.raises(KeyError):
        async with cache.lock("k", 30):
            raise KeyError

    async def hold() -> None:
        async with cache.lock("k", 30):
            await asyncio.sleep(30)

    holding = asyncio.create_task(hold())
    waiting = asyncio.create_task(hold())
    await asyncio.sleep(0.03)
    waiting.cancel()
    holding.cancel()
    await asyncio.gather(holding, waiting, return_exceptions=True)
    async with asyncio.timeout(1), cache.lock("k", 30):
        pass


async def test_check(cache: Cache) -> None:
    await cache.check()


async def test_memory_is_bounded_and_drops_what_ends_first() -> None:
    cache = MemoryCache(max_entries=3)
    await cache.put("short", b"1", 10)
    for name in ("a", "b", "c"):
        await cache.put(name, b"1", 60)
    assert await cache.get("short") is None
    assert [await cache.get(name) for name in "abc"] == [b"1"] * 3


async def test_memory_does_not_grow_with_overwriting_and_deleting() -> None:
    cache = MemoryCache(max_entries=10)
    for i in range(5_000):
        await cache.put(f"k{i % 5}", b"v", 3600)
        await cache.delete(f"k{(i + 1) % 5}")
    assert len(cache._entries._ends) < 200


async def test_a_full_memory_never_opens_a_lock() -> None:
    cache = MemoryCache(max_entries=2)
    async with cache.lock("k", 30):
        for i in range(10):
            await cache.put(f"k{i}", b"v", 60)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), cache.lock("k", 30):
                pytest.fail("entered a held lock")


async def test_an_absent_redis_is_said_in_our_own_words(unused_tcp_port: int) -> None:
    cache = RedisCache.from_url(f"redis://:hunter2@127.0.0.1:{unused_tcp_port}/0", timeout_seconds=0.5)
    for call in (cache.get("k"), cache.put("k", b"v", 1), cache.delete("k", only=b"v"), cache.check()):
        with pytest.raises(CacheUnavailable) as caught:
            await call
        assert "hunter2" not in repr(caught.value)
        assert caught.value.__context__ is None
    with pytest.raises(CacheUnavailable):
        async with cache.lock("k", 1):
            pytest.fail("entered")
    await cache.aclose()
