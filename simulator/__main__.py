"""The simulator alone: ``python -m simulator --port 8081 --callback http://127.0.0.1:8080/wechat/callback``.

For what must outlive the bot: tests that kill it, and load.
"""

import argparse

from aiohttp import web

from config.settings import Settings
from simulator import ProductionRefused, create_simulator
from simulator.media import MB_KEPT


def main() -> None:
    """Serve ``/sim`` until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="桌面上的微信：回调、接口与手机页面")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址")
    parser.add_argument("--port", type=int, default=8081, help="监听端口")
    parser.add_argument("--callback", default="http://127.0.0.1:8080/wechat/callback", help="回调地址")
    parser.add_argument("--base-url", default="", help="外部如何访问本模拟器，默认 http://HOST:PORT/sim")
    parser.add_argument("--attempt-seconds", type=float, default=5.0, help="每次推送等待的秒数")
    parser.add_argument("--media-mb", type=float, default=MB_KEPT, help="素材在内存里最多留多少 MiB，超出时先丢最早的")
    options = parser.parse_args()
    try:
        simulator = create_simulator(
            Settings.model_validate({}),
            callback_url=options.callback,
            base_url=options.base_url or f"http://{options.host}:{options.port}/sim",
            attempt_seconds=options.attempt_seconds,
            media_mb=options.media_mb,
        )
    except ProductionRefused as error:
        parser.error(str(error))
    app = web.Application()
    app.add_subapp("/sim", simulator)
    app.router.add_get("/", _to_phone)
    web.run_app(app, host=options.host, port=options.port, access_log=None)


async def _to_phone(_: web.Request) -> web.Response:
    raise web.HTTPFound("/sim/")


if __name__ == "__main__":
    main()
