"""Tortoise's PostgreSQL engine, mended in three places (named as ``engine`` in the configuration).

* Whoever is cancelled while a transaction begins gives the connection back to the pool; Tortoise 1.1.9 loses it.
* A transaction that PostgreSQL has given up, because a statement in it failed and the error was caught, cannot be
  committed: the server answers COMMIT with ROLLBACK. That is an error here; Tortoise reports success and the rows are
  gone. What may fail and be caught belongs into a transaction of its own, which is a savepoint.
* A connection goes back to the pool without asyncpg's reset, which is a round trip of four statements after each of
  ours. Nothing here leaves anything on a session: no SET, no LISTEN, no cursor, no lock that outlives a transaction.

And one thing is added: a connection may be held for several statements that are no transaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from asyncpg.connection import Connection
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

_numbers = count()


class PooledConnection(Connection):
    """A connection of the pool; what is still open on it when it is given back is rolled back all the same."""

    def get_reset_query(self) -> str:
        return ""


class CheckedTransaction(TransactionWrapper):
    """One connection of the pool, while a transaction holds it, or a savepoint of that transaction.

    The statements are our own, since asyncpg's transaction object hides what the server answered to COMMIT.
    """

    _savepoint: str

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(CheckedTransaction(self))

    @translate_exceptions
    async def begin(self) -> None:
        await self._connection.execute("BEGIN")

    @translate_exceptions
    async def commit(self) -> None:
        answer = await self._connection.execute("COMMIT")
        self._finalized = True
        if answer != "COMMIT":
            raise TransactionManagementError("a statement of this transaction had failed: PostgreSQL rolled it back")

    @translate_exceptions
    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")
        self._finalized = True

    @translate_exceptions
    async def savepoint(self) -> None:
        self._savepoint = f"savepoint_{next(_numbers)}"
        await self._connection.execute(f"SAVEPOINT {self._savepoint}")

    @translate_exceptions
    async def release_savepoint(self) -> None:
        await self._connection.execute(f"RELEASE SAVEPOINT {self._savepoint}")
        self._finalized = True

    @translate_exceptions
    async def savepoint_rollback(self) -> None:
        await self._connection.execute(f"ROLLBACK TO SAVEPOINT {self._savepoint}")
        self._finalized = True


class PooledTransactionContext(TransactionContextPooled):
    """Holds a connection of the pool from BEGIN until after COMMIT or ROLLBACK, whatever happens between."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        self.client._connection = await pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            await pool.release(self.client._connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            if not self.client._finalized:
                await (self.client.rollback() if exc_type else self.client.commit())
        finally:
            get_connections().reset(self.token)
            # Whatever is still open on the connection is rolled back by the pool.
            await self.client._parent._pool.release(self.client._connection)


class HeldConnection(TransactionWrapper):
    """One connection of the pool, while it is held for reading: each statement is by itself."""

    def _in_transaction(self) -> TransactionContext:
        raise TransactionManagementError("no transaction begins while a connection is held for reading")


class Client(AsyncpgDBClient):
    """A pool of connections to one database."""

    connection_class = PooledConnection

    def _in_transaction(self) -> TransactionContext:
        return PooledTransactionContext(CheckedTransaction(self), self._pool_init_lock)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Statements of the block go over one connection."""
        async with self.acquire_connection() as connection:
            client = HeldConnection(self)
            client._connection = connection
            token = get_connections().set(self.connection_name, client)
            try:
                yield
            finally:
                get_connections().reset(token)


client_class = Client
