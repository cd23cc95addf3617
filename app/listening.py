"""How a server ends: the door is shut first, then those already inside are seen out."""

import asyncio

from aiohttp.web_runner import BaseRunner


async def stop_accepting(runner: BaseRunner) -> None:
    """Accept no more, and let what was accepted in this very turn of the loop become known to aiohttp, which closes it.

    To be awaited right before ``runner.cleanup()``. A connection accepted in the turn in which asyncio's server closes
    is lost before Python 3.13: it gets no transport, nobody answers it, and its socket stays open until collected.
    """
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        if isinstance(site._server, asyncio.Server):  # aiohttp shows what it listens on nowhere else
            for listener in site._server.sockets:
                loop.remove_reader(listener)
    for _ in range(2):  # the transport is made in the next turn, and told to aiohttp in the one after
        await asyncio.sleep(0)
