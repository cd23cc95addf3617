"""The object store: a local folder, or a bucket that speaks S3."""

import contextlib
import re
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, S3Store

from workflow.ports import ObjectMissing

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
LONGEST_KEY = 200
_PROBE = "probe/written"


class ObjectStorage:
    """:class:`workflow.ports.Storage` on any store that obstore knows.

    A key is made of names joined by ``/``, each of ASCII letters, digits and ``._-``, none beginning with a dot; any
    other raises ValueError. An object appears whole or not at all.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, data: bytes) -> None:
        """Write ``data`` under ``key``; an object that is already there is left as it is and counts as success."""
        with contextlib.suppress(AlreadyExistsError):
            await obstore.put_async(self._store, _checked(key), data, mode="create")

    async def get(self, key: str) -> bytes:
        """The object's bytes; :class:`ObjectMissing` where there is none."""
        try:
            found = await obstore.get_async(self._store, _checked(key))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise ObjectMissing(key) from None

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, _checked(key))

    async def check(self) -> None:
        """Raise where the store cannot be reached or written."""
        await obstore.put_async(self._store, _PROBE, b"")


def open_storage(url: str, folder: Path) -> ObjectStorage:
    """The store at ``url``: ``s3://bucket/prefix``, or ``folder`` (made where it is missing) for the empty URL.

    S3's credentials, region and endpoint come from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
    ``AWS_REGION``, ``AWS_ENDPOINT_URL``; ``AWS_ALLOW_HTTP=true`` for an endpoint without TLS).
    """
    if not url:
        return ObjectStorage(LocalStore(prefix=folder.absolute(), mkdir=True))
    if not url.startswith("s3://"):
        raise ValueError("storage URL must begin with s3://")
    return ObjectStorage(S3Store.from_url(url))


def _checked(key: str) -> str:
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key[:LONGEST_KEY]!r}")
    return key
