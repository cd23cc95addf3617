"""WeChat's side of the callback: signs, encrypts and sends like the real one."""

import hashlib
import time
from pathlib import Path
from typing import Any

import xmltodict
from pydantic import SecretStr
from wechatpy.crypto import WeChatCrypto

from bot.crypto import CallbackCrypto
from config.settings import CallbackMode, WeChatSettings

SAMPLES = Path(__file__).parent / "samples"
INBOUND = sorted(
    path.name for path in SAMPLES.iterdir() if path.suffix in {".xml", ".json"} and "Reply" not in path.name
)

TOKEN = "AAAAA"
APP_ID = "wxsample0000000001"
KEY = "k" * 42 + "A"
OLD_KEY = "o" * 42 + "A"


def settings(mode: CallbackMode = CallbackMode.SAFE, **changed: Any) -> WeChatSettings:
    values: dict[str, Any] = {
        "app_id": APP_ID,
        "original_id": "toUser",
        "token": SecretStr(TOKEN),
        "aes_key": SecretStr(KEY),
        "previous_aes_key": SecretStr(OLD_KEY),
        "mode": mode,
        "reply_seconds": 4.0,
    }
    return WeChatSettings(**values | changed)


def crypto(mode: CallbackMode = CallbackMode.SAFE, **changed: Any) -> CallbackCrypto:
    now = changed.pop("now", time.time)
    return CallbackCrypto.from_settings(settings(mode, **changed), now)


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def plain_query(timestamp: float | None = None, nonce: str = "1514711492") -> dict[str, str]:
    """The query of a push in plaintext mode, or of the address check."""
    second = str(int(time.time() if timestamp is None else timestamp))
    return {"timestamp": second, "nonce": nonce, "signature": signature(TOKEN, second, nonce), "openid": "fromUser"}


def sealed(
    body: str | bytes, *, key: str = KEY, app_id: str = APP_ID, timestamp: float | None = None, as_json: bool = False
) -> tuple[dict[str, str], bytes]:
    """Query and body of an encrypted push."""
    query = plain_query(timestamp)
    text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
    envelope = WeChatCrypto(TOKEN, key, app_id).encrypt_message(text, query["nonce"], query["timestamp"])
    found = xmltodict.parse(envelope)["xml"]
    query |= {"encrypt_type": "aes", "msg_signature": found["MsgSignature"]}
    if as_json:
        return query, f'{{"ToUserName":"toUser","Encrypt":"{found["Encrypt"]}"}}'.encode()
    return (
        query,
        f"<xml><ToUserName>toUser</ToUserName><Encrypt><![CDATA[{found['Encrypt']}]]></Encrypt></xml>".encode(),
    )


def resigned(query: dict[str, str], ciphertext: str) -> tuple[dict[str, str], bytes]:
    """The same query, signed anew for another ciphertext: what somebody who knows the token could send."""
    signed = signature(TOKEN, query["timestamp"], query["nonce"], ciphertext)
    return query | {"msg_signature": signed}, f"<xml><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>".encode()


def text_message(
    content: str = "你好", *, message_id: int = 1, openid: str = "fromUser", second: int = 1348831860
) -> str:
    return (
        f"<xml><ToUserName><![CDATA[toUser]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{second}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{message_id}</MsgId></xml>"
    )


def event(name: str, extra: str = "", *, openid: str = "fromUser", second: int = 1348831860) -> bytes:
    return (
        f"<xml><ToUserName>toUser</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>{second}</CreateTime>"
        f"<MsgType>event</MsgType><Event>{name}</Event>{extra}</xml>"
    ).encode()


def opened_reply(answer: str, key: str = KEY) -> dict[str, Any]:
    """A sealed reply's fields, as WeChat reads them."""
    found = xmltodict.parse(answer)["xml"]
    cipher = WeChatCrypto(TOKEN, key, APP_ID)
    text = cipher.decrypt_message(found, found["MsgSignature"], found["TimeStamp"], found["Nonce"])
    fields: dict[str, Any] = xmltodict.parse(text)["xml"]
    return fields
