"""``python -m tests.year.node URL FOLDER``: one node of two, a clock that ticks and a worker, on the town's database.

Business time, what was sent, and whether to die at the next message stand in files of the folder, so that the nodes and
the test that starts and kills them agree.
"""

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from gateways.queue import TableQueue
from jobs import worker
from jobs.clock import SWEEPS, tick
from models.database import open_database
from tests.clock import FakeClock
from tests.workflow.world import RecordingWeChat, make_world
from tests.year.replay import ReplayingInspector
from workflow import due
from workflow.context import Ports
from workflow.monthly import reminders

LEASE_SECONDS = 1.5
TICKS = 0.3
SPEED = 60
"""Business time passes so much faster, from the moment it was set to."""


@dataclass(frozen=True)
class HandClock:
    """Business time as the test sets it, in ``file``; it goes on from there."""

    file: Path

    def set(self, moment: datetime) -> None:
        """Let it be that moment, for all nodes."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps([moment.isoformat(), time.time()]))
        new.replace(self.file)

    def now(self) -> datetime:
        moment, since = json.loads(self.file.read_text())
        return datetime.fromisoformat(moment) + timedelta(seconds=(time.time() - since) * SPEED)


@dataclass
class Post(RecordingWeChat):
    """WeChat as a file, a line a message that was taken. Where ``doom`` lies beside it, whoever sends next dies:
    before the message is taken, or after."""

    file: Path = Path()

    async def send_text(self, openid: str, text: str) -> None:
        dies = self._doom()
        await asyncio.sleep(0.01)
        if dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with self.file.open("a") as taken:
            taken.write(json.dumps([openid, text]) + "\n")
            taken.flush()
            os.fsync(taken.fileno())
        if dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    def _doom(self) -> str:
        doom, mine = self.file.with_name("doom"), self.file.with_name(f"doom-{os.getpid()}")
        try:
            doom.rename(mine)  # one of them gets it
        except FileNotFoundError:
            return ""
        return mine.read_text()


def ports_of(folder: Path) -> Ports:
    """What a node, and the test itself, works with."""
    clock = HandClock(folder / "clock")
    ports = make_world(folder, FakeClock()).ports
    return replace(
        ports, clock=clock, queue=TableQueue(clock), inspector=ReplayingInspector(), wechat=Post(file=folder / "taken")
    )


async def main(url: str, folder: str) -> None:
    worker.LEASE_SECONDS = LEASE_SECONDS
    ports = ports_of(Path(folder))
    async with open_database(url, migrate=False):
        worker.Worker(ports, 3).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            for sweep in (due.SWEEP, reminders.SWEEP):
                await tick(ports, sweep, SWEEPS[sweep])
            await asyncio.sleep(TICKS)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
