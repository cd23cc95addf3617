"""Results in public: what everybody sees, and what is said against them."""

import secrets
from datetime import timedelta
from typing import Any

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import Application, DeskItem, Enterprise, Objection, Publication, StaffRole
from models.transactions import transaction
from standard.matrix import MATRIX
from tests.miniapp_api.conftest import FIRM, KEY, answered, member, problem, sign_in
from tests.workflow.graded import graded
from tests.workflow.world import World
from workflow.applying import publicity

CONTENT: dict[str, Any] = {
    "firm": "样例电缆有限公司",
    "uscc": FIRM,
    "is_sample": True,
    "categories": ["电线电缆"],
    "level": "AA",
    "grade": "AA",
    "grade_name": "AA 级（优秀级）",
    "basis": [
        {
            "element": "code",
            "title": "追溯码",
            "level": "AA",
            "level_name": "AA 级",
            "clause": "6 AA",
            "words": "赋码覆盖率：95%",
        }
    ],
    "print": {"outcome": "pass", "words": "合格证赋码印刷符合附录 D"},
    "conditions": [],
    "edition": "T/ZGJDJX—3—2026",
    "final": False,
}


async def published(world: World, firm: Enterprise, **given: Any) -> Publication:
    caller = await sign_in(world)
    now = world.clock.now()
    application = await Application.create(
        ref=secrets.token_urlsafe(9),
        enterprise_id=firm.id,
        level="AA",
        sells_online=False,
        state="publicity",
        opened_by_id=caller.asker.person_id,
        opened_at=now,
        submitted_at=now,
    )
    return await Publication.create(
        **{
            "ref": secrets.token_urlsafe(9),
            "application_id": application.id,
            "content": CONTENT,
            "published_at": now,
            "closes_at": now.replace(hour=16, minute=0) + timedelta(days=3),
            "state": "running",
            **given,
        }
    )


async def withdrawn(world: World, firm: Enterprise, **given: Any) -> Publication:
    """A publication whose application is over, so that the firm may have another."""
    made = await published(world, firm, **given)
    await Application.filter(id=made.application_id).update(state="certified")
    return made


async def test_anybody_reads_what_is_public_and_may_keep_it_a_while(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    one = await published(world, firm)
    answer = await client.get(f"/api/v1/publications/{one.ref}")
    shown = await answered(answer)
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert shown == {
        **{name: value for name, value in CONTENT.items() if name != "edition"},
        "ref": one.ref,
        "state": "running",
        "published_at": "2026-11-24T02:00:00Z",
        "closes_at": "2026-11-27T16:00:00Z",
        "last_day": "2026-11-27",
        "upgrade": None,
    }
    await problem(await client.get("/api/v1/publications/unknown"), 404)


async def test_what_is_really_published_is_shown_whole(client: TestClient, world: World) -> None:
    application, _ = await graded(world)
    async with transaction():
        made = await publicity.publish(world.ports, application)
    shown = await answered(await client.get(f"/api/v1/publications/{made.ref}"))
    told = {name: value for name, value in made.content.items() if name != "edition"}
    assert {name: shown[name] for name in told} == told
    assert len(shown["basis"]) == len(MATRIX)


async def test_the_list_is_newest_first_by_key(client: TestClient, world: World, firm: Enterprise) -> None:
    made = [await withdrawn(world, firm, state=state) for state in ("confirmed", "running", "stopped")]
    refs = [one.ref for one in made]
    first = await answered(await client.get("/api/v1/publications?limit=2"))
    rest = await answered(await client.get(f"/api/v1/publications?limit=2&after={first['next']}"))
    assert [item["ref"] for item in (*first["items"], *rest["items"])] == refs[::-1]
    assert rest["next"] is None
    running = await answered(await client.get("/api/v1/publications?running=true"))
    assert [item["ref"] for item in running["items"]] == refs[:0:-1]


async def test_the_public_complains_once_a_key(client: TestClient, world: World, firm: Enterprise) -> None:
    one = await published(world, firm)
    path, body = f"/api/v1/publications/{one.ref}/complaints", {"statement": "  公示的覆盖率与现场不符  "}
    told = await answered(await client.post(path, json=body, headers={"Idempotency-Key": KEY}), 201)
    assert (told["route"], told["state"]) == ("complaint", "open")
    again = await client.post(path, json=body, headers={"Idempotency-Key": KEY})
    assert await answered(again, 201) == told
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await DeskItem.filter(kind="complaint").count() == 1
    assert (await Objection.get()).person_id is None
    caller = await sign_in(world)
    mine = {**caller.headers, "Idempotency-Key": KEY}
    assert (await answered(await client.post(path, json=body, headers=mine), 201))["ref"] != told["ref"]
    assert (await problem(await client.post(path, json={"statement": "短"}, headers=mine), 422))["field"] == "statement"


async def test_the_firm_objects_with_files_in_the_window(client: TestClient, world: World, firm: Enterprise) -> None:
    one, staff = await published(world, firm), await member(world, firm, StaffRole.STAFF)
    path = f"/api/v1/publications/{one.ref}/objections"

    def form() -> FormData:
        made = FormData()
        made.add_field("statement", "覆盖率应为 99%，见附件")
        made.add_field("files", b"%PDF-1.7 sample", filename="台账.pdf")
        made.add_field("replaces", "[]")
        return made

    stranger, viewer = await sign_in(world), await member(world, firm, StaffRole.VIEWER)
    await problem(await client.post(path, data=form(), headers={**stranger.headers, "Idempotency-Key": KEY}), 404)
    await problem(await client.post(path, data=form(), headers={**viewer.headers, "Idempotency-Key": KEY}), 403)
    headers = {**staff.headers, "Idempotency-Key": KEY}
    told = await answered(await client.post(path, data=form(), headers=headers), 201)
    assert (told["route"], told["state"]) == ("objection", "open")
    assert await answered(await client.post(path, data=form(), headers=headers), 201) == told
    other = {**staff.headers, "Idempotency-Key": KEY[::-1]}
    refused = await problem(await client.post(path, data=form(), headers=other), 409)
    assert (refused["code"], refused["clause"], refused["rows"]) == ("objection_under_review", "7.5(2)", ["R15"])
