"""What running processes have used, by the kernel's own count (Linux): seconds of CPU, and the most memory."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.5
CHILDREN = "children"
_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
_IDLE = (3, 4)
"""Columns of the machine's line that are not work: idle, and waiting for the disk."""


@dataclass
class Used:
    """Of a group of processes while they were watched: ``cpu`` by process id, in seconds; ``peak_mb`` of the largest
    one, over its whole life."""

    cpu: dict[int, float] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=dict)
    peak_mb: float = 0.0

    @property
    def seconds(self) -> float:
        """All CPU since watching began; what a process used before it was first seen counts where it is new."""
        return sum(now - self.before.get(pid, 0.0) for pid, now in self.cpu.items())

    def note(self, pids: Iterable[int], *, first: bool) -> None:
        """Look once; a process that has ended keeps what it had when it was last seen."""
        for pid in pids:
            with contextlib.suppress(OSError):
                self.cpu[pid] = cpu_of(pid)
                self.peak_mb = max(self.peak_mb, peak_mb(pid))
                if first:
                    self.before[pid] = self.cpu[pid]


@dataclass
class Watch:
    """Groups of processes by name, and the seconds in which the machine's processors were busy, with whatever."""

    groups: dict[str, Used]
    busy: float = 0.0

    def seconds_but(self, *others: str) -> float:
        """CPU of all groups but these."""
        return sum(used.seconds for name, used in self.groups.items() if name not in others)


@asynccontextmanager
async def watching(processes: dict[str, int], parent: str, database: str = "") -> AsyncIterator[Watch]:
    """Watch the processes of these ids; under ``children`` the descendants of the one named ``parent``; under
    ``PostgreSQL`` those that serve the database of that name."""
    watch = Watch({name: Used() for name in (*processes, CHILDREN, "PostgreSQL")})
    began = machine_busy()

    def look(*, first: bool = False) -> None:
        parents = {pid: above for pid in _pids() if (above := _parent(pid)) is not None}
        for name, root in processes.items():
            watch.groups[name].note([root], first=first)
            if name == parent:
                watch.groups[CHILDREN].note(_descendants(root, parents), first=first)
        if database:
            watch.groups["PostgreSQL"].note((pid for pid in parents if _serves(pid, database)), first=first)
        watch.busy = machine_busy() - began

    async def keep_looking() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            look()

    look(first=True)
    watcher = asyncio.create_task(keep_looking())
    try:
        yield watch
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        look()


def print_used(watch: Watch, wall: float) -> None:
    """CPU by group over ``wall`` seconds, what others on the machine took, and what nobody did."""
    print(f"\n  CPU s of {wall * CORES:.0f} (wall × {CORES}); peak MiB of the largest process")
    for name, used in watch.groups.items():
        if used.cpu:
            title = "inspection processes" if name == CHILDREN else name
            print(f"    {title:22}{used.seconds:8.1f}   {used.peak_mb:6.0f}")
    print(f"    {'others on the machine':22}{max(watch.busy - watch.seconds_but(), 0):8.1f}")
    print(f"    {'idle':22}{max(wall * CORES - watch.busy, 0):8.1f}")


def cpu_of(pid: int) -> float:
    """Seconds of CPU that it has used, its threads included."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK


def peak_mb(pid: int) -> float:
    """The most memory that it ever held at once, in MiB."""
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def machine_busy() -> float:
    """Seconds that all processors together have worked since the machine started."""
    columns = [int(number) for number in (_PROC / "stat").read_text().splitlines()[0].split()[1:9]]
    return sum(number for place, number in enumerate(columns) if place not in _IDLE) / _TICK


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """The fields behind the command's name, which may hold anything."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int | None:
    try:
        return int(_stat(pid)[1])
    except OSError:
        return None


def _descendants(root: int, parents: dict[int, int]) -> set[int]:
    found: set[int] = set()
    while grown := {pid for pid, parent in parents.items() if parent in found | {root}} - found:
        found |= grown
    return found


def _serves(pid: int, database: str) -> bool:
    try:
        line = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False
    return line.startswith(b"postgres:") and database.encode() in line
