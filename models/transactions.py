"""Transactions, reads that share a connection, and tasks that must not inherit one."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from contextvars import Context
from typing import Any, TypeVar

from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from models.asyncpg_engine import Client

CONNECTION = "default"

Result = TypeVar("Result")

_running: set[asyncio.Task[Any]] = set()


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Everything in the block, or nothing; within another transaction a savepoint.

    Never await the network, a process pool or a file in the block: on SQLite everybody waits for its end. A task that
    is started in the block inherits the transaction's connection; use :func:`clean_task`.
    """
    async with in_transaction(CONNECTION):
        yield


def reading() -> AbstractAsyncContextManager[None]:
    """What the block reads comes over one connection, taken from the pool once: to take one costs as much as to read a
    row or two.

    Each statement sees what is committed by then. No transaction may begin in the block; for the rest it is as in one.
    """
    connection = get_connection(CONNECTION)
    return connection.held() if isinstance(connection, Client) else nullcontext()


def clean_task(work: Coroutine[Any, Any, Result], name: str) -> asyncio.Task[Result]:
    """Start ``work`` as a task that inherits no transaction (nor any other context variable) of its starter.

    The task is kept until it ends, so that it is not collected while it runs.
    """
    task = asyncio.get_running_loop().create_task(work, name=name, context=Context())
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task
