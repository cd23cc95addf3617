"""A request that is repeated is answered as it was."""

import asyncio
from datetime import timedelta

import pytest

from jobs.clock import tick
from jobs.handlers import FORGET_REQUESTS
from models import IdempotentRequest
from tests.workflow.world import World
from workflow import idempotency
from workflow.idempotency import KEPT, UNFINISHED, Begun, Replay, abandon, begin, finish, held
from workflow.problems import Kind, Refused

pytestmark = pytest.mark.usefixtures("database")


async def age(by: timedelta) -> None:
    """As if all requests had come that much earlier, in real time."""
    for request in await IdempotentRequest.all():
        await IdempotentRequest.filter(id=request.id).update(created_at=request.created_at - by)


async def refused(scope: str, key: str, body: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await begin(scope, key, body)
    return caught.value


async def test_what_was_finished_is_answered_again() -> None:
    begun = await begin("a", "k", "0" * 64)
    assert isinstance(begun, Begun)
    await finish(begun, 201, {"said": "完"})
    assert await begin("a", "k", "0" * 64) == Replay(201, {"said": "完"})


async def test_a_key_means_one_content_of_one_scope() -> None:
    await finish(await begin("a", "k", "0" * 64), 201, {})  # type: ignore[arg-type]
    problem = await refused("a", "k", "1" * 64)
    assert (problem.kind, problem.code) == (Kind.INVALID, "idempotency_key_reused")
    assert isinstance(await begin("b", "k", "1" * 64), Begun)


async def test_of_many_at_once_one_begins() -> None:
    found = await asyncio.gather(*(begin("a", "k", "0" * 64) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, Begun) for one in found) == 1
    assert {one.code for one in found if isinstance(one, Refused)} == {"request_in_progress"}


async def test_what_was_given_up_may_be_tried_at_once() -> None:
    begun = await begin("a", "k", "0" * 64)
    assert isinstance(begun, Begun)
    await abandon(begun)
    assert isinstance(await begin("a", "k", "9" * 64), Begun)


async def test_who_died_over_it_is_taken_over_by_one_and_can_then_no_longer_answer() -> None:
    dead = await begin("a", "k", "0" * 64)
    assert isinstance(dead, Begun)
    await age(UNFINISHED - timedelta(seconds=5))
    assert (await refused("a", "k", "0" * 64)).code == "request_in_progress"
    await age(timedelta(seconds=10))
    found = await asyncio.gather(*(begin("a", "k", "0" * 64) for _ in range(8)), return_exceptions=True)
    heirs = [one for one in found if isinstance(one, Begun)]
    assert len(heirs) == 1
    await finish(dead, 201, {"said": "too late"})
    await abandon(dead)
    await finish(heirs[0], 201, {"said": "in time"})
    assert await begin("a", "k", "0" * 64) == Replay(201, {"said": "in time"})


async def test_who_is_at_it_for_long_is_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = idempotency._now()
    monkeypatch.setattr(idempotency, "_now", lambda: now)
    monkeypatch.setattr(idempotency, "RENEWED_EVERY", 0.01)
    begun = await begin("a", "k", "0" * 64)
    assert isinstance(begun, Begun)
    async with held(begun):
        for _ in range(3):
            now += UNFINISHED - timedelta(seconds=1)
            async with asyncio.timeout(5):
                while begun.at != now:  # noqa: ASYNC110 - the request says so by itself
                    await asyncio.sleep(0.01)
            assert (await refused("a", "k", "0" * 64)).code == "request_in_progress"
    await finish(begun, 201, {"said": "完"})
    now += UNFINISHED
    assert await begin("a", "k", "0" * 64) == Replay(201, {"said": "完"})


async def test_who_lost_it_is_not_given_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "RENEWED_EVERY", 0.01)
    slow = await begin("a", "k", "0" * 64)
    assert isinstance(slow, Begun)
    await age(UNFINISHED + timedelta(seconds=1))
    heir = await begin("a", "k", "0" * 64)
    assert isinstance(heir, Begun)
    async with held(slow):
        await asyncio.sleep(0.05)
    await finish(slow, 201, {"said": "too late"})
    await finish(heir, 201, {"said": "in time"})
    assert await begin("a", "k", "0" * 64) == Replay(201, {"said": "in time"})


async def test_answers_are_kept_for_a_week(world: World) -> None:
    for key in ("old", "new"):
        await finish(await begin("a", key, "0" * 64), 201, {})  # type: ignore[arg-type]
    await IdempotentRequest.filter(key="old").update(
        created_at=(await IdempotentRequest.get(key="old")).created_at - KEPT
    )
    await tick(world.ports, FORGET_REQUESTS, timedelta(hours=1))
    await world.work()
    assert [request.key for request in await IdempotentRequest.all()] == ["new"]
