"""One reading for all who ask within a moment: never older than half a second, and never for whoever is not let in."""

import pytest
from aiohttp import web

from config.settings import Settings
from miniapp_api.open import add_open
from miniapp_api.serving import Rendered
from models import Certificate
from standard.validity import State
from tests.miniapp_api.open.conftest import Start, caller
from tests.workflow.living import living
from tests.workflow.world import World
from workflow import sharing
from workflow.sharing import Shared

USCC = "91330100MA00000012"


async def test_an_answer_is_good_from_before_it_was_read() -> None:
    now = 100.0
    shared: Shared[Rendered] = Shared(0.4, lambda: now)
    answer = Rendered(b"{}", {})

    async def reading() -> Rendered:
        nonlocal now
        now += 0.3  # it takes its time
        return answer

    assert await shared.read("/a", reading) is answer
    assert (shared.get("/a"), shared.get("/b")) == (answer, None)
    now += 0.11
    assert shared.get("/a") is None


def test_nothing_is_shared_where_that_is_off_and_not_too_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 2)
    off: Shared[Rendered] = Shared(0, lambda: 1.0)
    shared: Shared[Rendered] = Shared(0.4, lambda: 1.0)
    off.put("/a", 1.0, Rendered(b"{}", {}))
    assert off.get("/a") is None
    for asked in ("/a", "/b", "/c"):
        shared.put(asked, 1.0, Rendered(b"{}", {}))
    assert [shared.get(asked) is not None for asked in ("/a", "/b", "/c")] == [False, False, True]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_what_is_shared_is_for_those_let_in_and_read_anew_after_a_moment(
    world: World, aiohttp_client: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1.0
    monkeypatch.setattr("miniapp_api.open.Shared", lambda seconds: Shared(seconds, lambda: now))
    one = await living(uscc=USCC)
    app = web.Application()
    add_open(app, Settings(), world.ports)
    client, path = await aiohttp_client(app), f"/open/v1/firms/{USCC}"
    shop, other = await caller(world), await caller(world, per_minute=7)

    async def state(headers: dict[str, str]) -> str:
        return str((await (await client.get(path, headers=headers)).json())["facts"]["state"])

    assert await state(shop.headers) == "active"
    await Certificate.filter(id=one.certificate.id).update(state=State.REVOKED)
    assert await state(shop.headers) == "active"
    shared = await client.get(path, headers=other.headers)
    assert shared.headers["RateLimit-Limit"] == "7"
    assert (await client.get(path)).status == 401
    now += 0.41
    assert await state(shop.headers) == "revoked"
