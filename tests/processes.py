"""Other processes, as real as the ones that serve: a script of ours, run by this Python from the project's root."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

ROOT = Path(__file__).parents[1]


async def start(script: str, *args: str) -> Process:
    """Run ``script`` with ``args`` in ``sys.argv``; its output can be read line by line."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", script, *args, cwd=ROOT, stdout=PIPE, stderr=PIPE)


async def output_of(process: Process, seconds: float = 30) -> str:
    """What it printed, once it has ended well."""
    out, errors = await asyncio.wait_for(process.communicate(), seconds)
    assert process.returncode == 0, errors.decode()
    return out.decode()
