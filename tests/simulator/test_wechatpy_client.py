"""A client that others wrote for the real API works against this one."""

import asyncio
import io

import pytest
from PIL import Image
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")


def client_of(desk) -> WeChatClient:
    base = f"{desk.world.base_url}/api/"

    class Client(WeChatClient):
        API_BASE_URL = base + "cgi-bin/"

        def fetch_access_token(self):
            return self._fetch_access_token(
                url=base + "cgi-bin/token",
                params={"grant_type": "client_credential", "appid": self.appid, "secret": self.secret},
            )

    wechat = desk.settings.wechat
    return Client(wechat.app_id, wechat.app_secret.get_secret_value(), timeout=5)


async def test_wechatpy_finds_what_it_expects(desk):
    await desk.say("zhang")
    openid, out = desk.openid("zhang"), io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, "JPEG")
    out.seek(0)
    out.name = "photo.jpg"

    def use():
        client = client_of(desk)
        try:
            user = client.user.get(openid)
            sent = client.message.send_text(openid, "你好")
            media = client.media.upload("image", out)
            client.message.send_image(openid, media["media_id"])
            got = client.media.download(media["media_id"]).content
            client.menu.create({"button": [{"type": "click", "name": "查企业", "key": "firm"}]})
            menu = client.menu.get()
            scene = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "s"}}}
            code = client.qrcode.create(scene)
            followers = client.user.get_followers()
            return user, sent, got, menu, code, followers
        finally:
            client._http.close()

    user, sent, got, menu, code, followers = await asyncio.to_thread(use)
    assert user["openid"] == openid
    assert sent["errcode"] == 0
    assert got == out.getvalue()
    assert menu["menu"]["button"][0]["key"] == "firm"
    assert code["url"].startswith("http://weixin.qq.com/q/")
    assert followers["data"]["openid"] == [openid, desk.openid("operator")]
    assert [entry["type"] for entry in await desk.chat("zhang")] == ["text", "text", "image"]


async def test_wechatpy_recovers_from_a_dead_token_and_reports_the_rest(desk):
    await desk.say("zhang")
    openid = desk.openid("zhang")

    def use():
        client = client_of(desk)
        try:
            client.session.set(client.access_token_key, "10_" + "x" * 120)
            client.expires_at = 9_999_999_999
            client.message.send_text(openid, "换了令牌")
            with pytest.raises(WeChatClientException, match="40003"):
                client.message.send_text("oNobody", "无人")
        finally:
            client._http.close()

    await asyncio.to_thread(use)
    assert (await desk.chat("zhang"))[-1]["content"] == "换了令牌"
