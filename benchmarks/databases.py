"""A PostgreSQL database and a Redis database that a benchmark has to itself, gone afterwards."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import redis.asyncio as aioredis

from models.database import migrate


@asynccontextmanager
async def own_database(server: str) -> AsyncIterator[str]:
    """The URL of a new database at head on the PostgreSQL server that ``server`` leads to; it is dropped afterwards."""
    name = f"zhuisu_bench_{secrets.token_hex(4)}"
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f'CREATE DATABASE "{name}"')
        try:
            await migrate(url)
            yield url
        finally:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@asynccontextmanager
async def emptied_redis(url: str) -> AsyncIterator[None]:
    """See that nobody uses the Redis database of ``url``, and leave it as empty as it was."""
    client = aioredis.Redis.from_url(url)
    try:
        if await client.dbsize():
            raise SystemExit(f"{url}: not empty; name a Redis database that nobody uses")
        try:
            yield
        finally:
            await client.flushdb()
    finally:
        await client.aclose()
