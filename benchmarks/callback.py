"""Text messages in safe mode: our callback against a bare aiohttp handler that only verifies, decrypts and answers.

``make bench`` prints the ratio of the two throughputs from one run (1 is the bare handler's), taken turn by turn so
that whatever else the machine does falls on both.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time

import aiohttp
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

from config.settings import Settings, WeChatSettings
from tests.servers import Server, free_port

ROUNDS, MESSAGES, AT_ONCE = 5, 1500, 16


def bodies(settings: WeChatSettings, count: int, tag: str) -> list[tuple[dict[str, str], bytes]]:
    """``count`` different text messages of different people, signed and encrypted: (query, body)."""
    crypto = WeChatCrypto(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.app_id)
    made = []
    for number in range(count):
        now = str(int(time.time()))
        xml = (
            f"<xml><ToUserName><![CDATA[{settings.original_id}]]></ToUserName>"
            f"<FromUserName><![CDATA[obench{tag}{number:020d}]]></FromUserName><CreateTime>{now}</CreateTime>"
            f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[帮助]]></Content><MsgId>{number}</MsgId></xml>"
        )
        sealed = crypto.encrypt_message(xml, "nonce", now)
        fields = {
            name: sealed.split(f"<{name}>")[1].split(f"</{name}>")[0].removeprefix("<![CDATA[").removesuffix("]]>")
            for name in ("Encrypt", "MsgSignature")
        }
        body = (
            f"<xml><ToUserName><![CDATA[{settings.original_id}]]></ToUserName>"
            f"<Encrypt><![CDATA[{fields['Encrypt']}]]></Encrypt></xml>"
        )
        query = {
            "timestamp": now,
            "nonce": "nonce",
            "encrypt_type": "aes",
            "msg_signature": fields["MsgSignature"],
        }
        made.append((query, body.encode()))
    return made


async def throughput(url: str, tag: str) -> float:
    """Messages a second."""
    queue = bodies(Settings().wechat, MESSAGES, tag)

    async def send(session: aiohttp.ClientSession) -> None:
        while queue:
            query, body = queue.pop()
            async with session.post(url, params=query, data=body) as answer:
                if answer.status != 200 or b"Encrypt" not in await answer.read():
                    raise RuntimeError(f"{url} answered {answer.status}")

    async with aiohttp.ClientSession() as session:
        started = time.perf_counter()
        await asyncio.gather(*(send(session) for _ in range(AT_ONCE)))
        return MESSAGES / (time.perf_counter() - started)


def bare(port: int) -> None:
    """The floor: verify, decrypt, answer."""
    settings = Settings().wechat
    crypto = WeChatCrypto(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.app_id)

    async def callback(request: web.Request) -> web.Response:
        query = request.query
        crypto.decrypt_message(await request.read(), query["msg_signature"], query["timestamp"], query["nonce"])
        answer = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[帮助]]></Content></xml>"
        return web.Response(text=crypto.encrypt_message(answer, query["nonce"], query["timestamp"]))

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/wechat/callback", callback)
    app.router.add_get("/readyz", ready)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, floor = free_port(), free_port()
        environment = {"ZHUISU_PORT": str(ours), "ZHUISU_DATA_DIR": folder, "ZHUISU_LOG_LEVEL": "WARNING"}
        servers = [
            Server(["-m", "app", "serve"], environment, f"http://127.0.0.1:{ours}/readyz"),
            Server(["-m", "benchmarks.callback", "--bare", str(floor)], {}, f"http://127.0.0.1:{floor}/readyz"),
        ]
        async with contextlib.AsyncExitStack() as stack:
            for server in servers:
                await server.start()
                stack.push_async_callback(server.stop)
            rates: dict[int, list[float]] = {ours: [], floor: []}
            for turn in range(ROUNDS):
                for port in (floor, ours):
                    rates[port].append(await throughput(f"http://127.0.0.1:{port}/wechat/callback", f"{turn}"))
    mine, bottom = statistics.median(rates[ours]), statistics.median(rates[floor])
    print(f"callback, text in safe mode, {AT_ONCE} at once, {ROUNDS} × {MESSAGES} messages each")
    print(f"  ours {mine:7.0f}/s   bare handler {bottom:7.0f}/s   ratio {mine / bottom:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bare", type=int, help="serve the bare handler on this port")
    if (port := parser.parse_args().bare) is not None:
        bare(port)
    else:
        asyncio.run(main())
    sys.exit(0)
