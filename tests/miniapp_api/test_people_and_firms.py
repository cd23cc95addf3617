"""Signing in, the inbox, firms and their members, over HTTP."""

from aiohttp.test_utils import TestClient

from models import Enterprise, InboxEntry, PlatformRole, StaffRole
from tests.miniapp_api.conftest import FIRM, answered, member, problem, sign_in
from tests.workflow.world import World
from workflow.firms import members
from workflow.ports import WeChatLogin


async def test_a_login_code_is_worth_one_token_and_the_token_one_person(client: TestClient, world: World) -> None:
    world.wechat.logins["code-1"] = WeChatLogin("o" + "a" * 27, None)
    opened = await answered(await client.post("/api/v1/sessions", json={"code": "code-1"}), 201)
    assert set(opened) == {"token", "expires_at"}
    assert opened["expires_at"].endswith("Z")
    headers = {"Authorization": f"Bearer {opened['token']}"}
    assert await answered(await client.get("/api/v1/me", headers=headers)) == {"firms": [], "roles": [], "unread": 0}
    told = await problem(await client.post("/api/v1/sessions", json={"code": "code-1"}), 422)
    assert told["code"] == "login_code_invalid"
    assert (await client.delete("/api/v1/sessions/current", headers=headers)).status == 204
    await problem(await client.get("/api/v1/me", headers=headers), 401)


async def test_signing_out_everywhere_ends_every_session(client: TestClient, world: World) -> None:
    phone, tablet = [await sign_in(world, "o" + "b" * 27) for _ in range(2)]
    assert (await client.delete("/api/v1/sessions", headers=phone.headers)).status == 204
    for caller in (phone, tablet):
        await problem(await client.get("/api/v1/me", headers=caller.headers), 401)


async def test_me_names_firms_and_roles(client: TestClient, world: World, firm: Enterprise) -> None:
    owner = await member(world, firm, StaffRole.OWNER)
    await members.grant(world.ports, owner.asker.person_id, PlatformRole.OPERATOR, by="system")
    me = await answered(await client.get("/api/v1/me", headers=owner.headers))
    assert me == {
        "firms": [
            {"firm": {"uscc": FIRM, "name": "样例电缆有限公司", "is_sample": True}, "role": "owner", "title": ""}
        ],
        "roles": ["operator"],
        "unread": 0,
    }


async def told(world: World, person_id: int, firm: Enterprise | None, *titles: str) -> list[InboxEntry]:
    return [
        await InboxEntry.create(
            key=f"{title}:{person_id}",
            person_id=person_id,
            enterprise_id=firm.id if firm else None,
            clause="7.2(3)",
            title=title,
            body="正文",
            path="/my",
            created_at=world.clock.now(),
        )
        for title in titles
    ]


async def test_the_inbox_is_paged_by_key_and_nobody_elses(client: TestClient, world: World, firm: Enterprise) -> None:
    reader, other = await sign_in(world), await sign_in(world)
    first, *_ = await told(world, reader.asker.person_id, firm, "1", "2", "3", "4", "5")
    await told(world, other.asker.person_id, None, "x")
    seen: list[str] = []
    after = ""
    while True:
        page = await answered(await client.get(f"/api/v1/me/inbox?limit=2{after}", headers=reader.headers))
        seen += [entry["title"] for entry in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
        await told(world, reader.asker.person_id, None, f"new {after}")
    assert seen == ["5", "4", "3", "2", "1"]
    assert page["items"][-1]["firm"]["uscc"] == FIRM
    path = f"/api/v1/me/inbox/{first.id}/read"
    await problem(await client.post(path, headers=other.headers), 404)
    for _ in range(2):
        assert (await client.post(path, headers=reader.headers)).status == 204
    unread = await answered(await client.get("/api/v1/me/inbox?unread=true", headers=reader.headers))
    assert "1" not in [entry["title"] for entry in unread["items"]]
    assert (await answered(await client.get("/api/v1/me", headers=reader.headers)))["unread"] == 6
    for wrong in ("x", "-1", "1.5", "²", "9" * 30):
        answer = await client.get("/api/v1/me/inbox", params={"after": wrong}, headers=reader.headers)
        assert (await problem(answer, 422))["code"] == "bad_page"


async def test_a_colleague_is_invited_joins_and_is_removed(client: TestClient, world: World, firm: Enterprise) -> None:
    owner, colleague = await member(world, firm, StaffRole.OWNER), await sign_in(world)
    invitations = f"/api/v1/firms/{FIRM}/invitations"
    made = await answered(await client.post(invitations, json={"role": "staff"}, headers=owner.headers), 201)
    listed = await answered(await client.get(invitations, headers=owner.headers))
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    accept = {"code": made["code"].lower(), "name": "李工（样例）"}
    joined = await answered(await client.post("/api/v1/memberships", json=accept, headers=colleague.headers))
    assert (joined["name"], joined["role"]) == ("李工（样例）", "staff")
    found = await answered(await client.get(f"/api/v1/firms/{FIRM}/members", headers=colleague.headers))
    assert [one["role"] for one in found["items"]] == ["owner", "staff"]
    inside = await answered(await client.get(f"/api/v1/firms/{FIRM}", headers=colleague.headers))
    assert (inside["name"], inside["role"]) == ("样例电缆有限公司", "staff")
    one = f"/api/v1/firms/{FIRM}/members/{joined['id']}"
    assert (await problem(await client.delete(one, headers=colleague.headers), 403))["clause"] == "7.1(1)"
    assert (await client.delete(one, headers=owner.headers)).status == 204
    await problem(await client.delete(one, headers=owner.headers), 404)
    await problem(await client.get(f"/api/v1/firms/{FIRM}", headers=colleague.headers), 404)


async def test_an_invitation_that_was_taken_back_opens_nothing(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    owner, colleague = await member(world, firm, StaffRole.OWNER), await sign_in(world)
    invitations = f"/api/v1/firms/{FIRM}/invitations"
    made = await answered(await client.post(invitations, json={"role": "owner"}, headers=owner.headers), 201)
    await problem(await client.delete(f"/api/v1/invitations/{made['id']}", headers=colleague.headers), 404)
    assert (await client.delete(f"/api/v1/invitations/{made['id']}", headers=owner.headers)).status == 204
    accept = {"code": made["code"]}
    refused = await client.post("/api/v1/memberships", json=accept, headers=colleague.headers)
    assert (await problem(refused, 410))["code"] == "invitation_revoked"
    code = await answered(await client.post(f"{invitations}/qr", json={"role": "viewer"}, headers=owner.headers), 201)
    assert code["url"].startswith("http://weixin.qq.com/q/inv_")


async def test_the_owner_hands_over_before_leaving(client: TestClient, world: World, firm: Enterprise) -> None:
    owner, viewer = await member(world, firm, StaffRole.OWNER), await member(world, firm, StaffRole.VIEWER)
    leave = f"/api/v1/firms/{FIRM}/leave"
    assert (await problem(await client.post(leave, headers=owner.headers), 409))["code"] == "owner_must_hand_over"
    assert (await client.post(f"/api/v1/firms/{FIRM}/acting", headers=viewer.headers)).status == 204
    assert (await client.post(leave, headers=viewer.headers)).status == 204
    await problem(await client.post(leave, headers=viewer.headers), 404)


async def test_a_token_of_a_web_page_opens_no_api(client: TestClient, world: World) -> None:
    from workflow.knowing.sessions import sign_in_web

    world.wechat.logins["web"] = WeChatLogin("o" + "c" * 27, None)
    opened = await sign_in_web(world.ports, "web")
    await problem(await client.get("/api/v1/me", headers={"Authorization": f"Bearer {opened.token}"}), 401)
