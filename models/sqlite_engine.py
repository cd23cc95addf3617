"""Tortoise's SQLite engine, mended where it loses writes or hangs (named as ``engine`` in the configuration).

* A transaction begins ``IMMEDIATE``: a deferred one that reads first cannot become a writer once another process wrote,
  and no busy timeout helps it.
* Whoever is cancelled while a transaction begins takes it back and frees the connection; Tortoise 1.1.9 keeps it locked
  for good.
* ``execute_script`` inside a transaction stays inside: :mod:`sqlite3`'s own ``executescript`` commits first.
* Nothing that a failed or cancelled statement left open is ever committed by the next transaction.
* Times are compared as text, so every aware one is written in UTC; Tortoise converts what it stores, but not what it
  filters by.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tortoise.backends.base.client import NestedTransactionContext, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError


def _as_utc(moment: datetime) -> str:
    return (moment.astimezone(UTC) if moment.tzinfo else moment).isoformat(" ")


sqlite3.register_adapter(datetime, _as_utc)


class ImmediateTransaction(SqliteTransactionWrapper):
    """The one connection, while a transaction holds it."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(ImmediateTransaction(self))

    async def begin(self) -> None:
        """Take the database's write lock; waits for other processes as long as ``busy_timeout`` says."""
        try:
            if self._connection.in_transaction:
                await self._connection.rollback()
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise TransactionManagementError(error) from error

    @translate_exceptions
    async def execute_script(self, query: str) -> None:
        """Run the statements one by one, within the transaction."""
        async with self.acquire_connection() as connection:
            for statement in _statements(query):
                await connection.execute_fetchall(statement)


class ImmediateTransactionContext(SqliteTransactionContext):
    """Holds the connection's lock from before BEGIN until after COMMIT or ROLLBACK, whatever happens between."""

    connection: ImmediateTransaction

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self._begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection

    async def _begin(self) -> None:
        """BEGIN runs in SQLite's own thread and cannot be called off: wait for it, then roll it back."""
        begun = asyncio.ensure_future(self.connection.begin())
        try:
            await asyncio.shield(begun)
        except asyncio.CancelledError:
            if await _settled(begun):
                await _settled(asyncio.ensure_future(self.connection.rollback()))
            raise

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            if not self.connection._finalized:
                await (self.connection.rollback() if exc_type else self.connection.commit())
        finally:
            get_connections().reset(self.token)
            self._trxlock.release()


class Client(SqliteClient):
    """One connection to one file."""

    def _in_transaction(self) -> TransactionContext:
        return ImmediateTransactionContext(ImmediateTransaction(self), self._lock)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        """All rows or none, also where the caller is cancelled halfway."""
        async with self._in_transaction() as connection:
            await connection.execute_many(query, values)


client_class = Client


async def _settled(running: asyncio.Future[None]) -> bool:
    """Wait for ``running`` to end, through any number of cancellations; True where it succeeded."""
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            continue  # the caller raises the cancellation it already got
    return not running.cancelled() and running.exception() is None


def _statements(script: str) -> Iterator[str]:
    """The single statements of ``script``; a semicolon within a trigger's body or a text ends none."""
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            if pending.strip("; \n"):
                yield pending
            pending = ""
