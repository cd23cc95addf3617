"""How it stands: where it is mounted, what it serves, and where it refuses."""

import pytest

from config.settings import Settings
from simulator import DEFAULT_NAMES, ProductionRefused, create_simulator


def test_production_refuses_it(tmp_path):
    settings = Settings(environment="production", data_dir=tmp_path)
    with pytest.raises(ProductionRefused):
        create_simulator(settings, callback_url="http://127.0.0.1/", base_url="http://127.0.0.1/sim")


async def test_the_phone_is_served_with_all_it_names(desk):
    async with desk.client.get("/sim") as response:
        assert str(response.url).endswith("/sim/")
        page = await response.text()
    assert "<title>微信模拟器（样例环境）</title>" in page
    assert "//" not in page.replace("http://www.w3.org", "")
    for name in ("phone.css", "phone.js", "render.js"):
        async with desk.client.get(f"/sim/static/{name}") as response:
            assert response.status == 200


async def test_who_is_there_from_the_start(desk):
    async with desk.client.get("/sim/users") as response:
        people = {person["id"]: person for person in await response.json()}
    assert {one["id"]: one["name"] for one in people.values()} == dict(DEFAULT_NAMES)
    assert (people["zhang"]["following"], people["stranger"]["following"]) == (True, False)


async def test_the_journal_names_calls_but_no_secret(desk):
    await desk.say("zhang")
    await desk.send("zhang")
    async with desk.client.get("/sim/journal") as response:
        text = await response.text()
    assert "/cgi-bin/message/custom/send" in text
    assert await desk.token() not in text
    assert desk.openid("zhang") not in text


async def test_the_view_goes_on_from_where_the_phone_is(desk):
    await desk.say("zhang", "一")
    await desk.say("zhang", "二")
    async with desk.client.get("/sim/users/zhang/view") as response:
        first = (await response.json())["entries"]
    async with desk.client.get(f"/sim/users/zhang/view?after={first[0]['number']}") as response:
        assert [entry["content"] for entry in (await response.json())["entries"]] == ["二"]
