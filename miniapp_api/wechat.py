"""What pages of ours need from WeChat."""

from typing import Annotated

from pydantic import Field, StringConstraints

from miniapp_api.chapter import Chapter, Rate
from miniapp_api.shapes import Answer, Query
from workflow.context import Ports
from workflow.knowing import sessions

chapter = Chapter("wechat", "微信")


class PageUrl(Query):
    # Percent-encoded, a character may take 12 bytes, and a request's line 8190: a longer one would be refused unread.
    url: Annotated[str, StringConstraints(max_length=500)] = Field(description="本站页面的网址，不含 # 及其后")


class JsSdkConfig(Answer):
    """What ``wx.config`` takes."""

    appId: str  # noqa: N815 - WeChat's own names
    timestamp: int
    nonceStr: str  # noqa: N815
    signature: str


@chapter.get("/wechat/js-sdk", "JS-SDK 签名", rate=Rate.SEARCH)
async def js_sdk_config(ports: Ports, query: PageUrl) -> JsSdkConfig:
    return JsSdkConfig.model_validate(await sessions.js_sdk_config(ports, query.url))
