"""Official registries and the national platform, asked through one stated contract (R34).

They have no public interface; a firm that has access to them puts a peer before us that speaks this contract:

* ``GET {base}/v1/business?number=…`` (统一社会信用代码), ``/v1/licence?number=…`` (生产许可证编号),
  ``/v1/ccc?number=…`` (CCC 证书编号), ``/v1/trace?number=…`` (追溯码, on the national platform);
* ``Authorization: Bearer <key>``, ``Accept: application/json``;
* HTTP 200 with ``{"found": false}`` or ``{"found": true, "as_of": "2026-11-24T02:00:00+00:00", "record": {…}}``,
  where ``record`` holds texts under ``number, name, uscc, address, legal_representative, status, valid_from,
  valid_through, products`` as far as that register has them, of trace codes ``batch, serial`` as well; ``status`` is
  ``active``, ``suspended``, ``cancelled`` or ``revoked``, days are ISO.

Whatever else comes back, late or malformed, is "not reachable": nothing is concluded from it.
"""

import logging
import time
from typing import Annotated

import aiohttp
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from config.settings import RegistriesSettings
from workflow.ports import Register, RegistryAnswer, Reply

log = logging.getLogger(__name__)

LARGEST = 64 * 1024
"""Bytes of an answer that are read."""

Text = Annotated[str, StringConstraints(max_length=2000)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True)

    found: bool
    as_of: Annotated[AwareDatetime, Field(strict=False)] | None = None
    record: Annotated[dict[str, Text], Field(max_length=40)] = Field(default_factory=dict)


class NoRegistries:
    """Nobody is asked: what can be checked offline has to do, and the verdict says so."""

    async def ask(self, register: Register, number: str) -> RegistryAnswer:
        """Always :attr:`Reply.NOT_ASKED`."""
        return RegistryAnswer(register, Reply.NOT_ASKED)

    async def aclose(self) -> None:
        """Nothing is open."""


class HttpRegistries:
    """:class:`workflow.ports.Registries` over HTTP, by the contract above. Never raises: it answers what it learned."""

    def __init__(self, base_url: str, key: SecretStr, seconds: float) -> None:
        self._base = base_url.rstrip("/")
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, register: Register, number: str) -> RegistryAnswer:
        """One question, one answer, within the time that was set."""
        started = time.perf_counter()
        body, trouble = await self._get(register, number)
        milliseconds = (time.perf_counter() - started) * 1000
        log.info("registry %s: %s, %.0f ms", register, trouble or "answered", milliseconds)
        if body is None:
            return RegistryAnswer(register, Reply.NOT_REACHABLE)
        if not body.found:
            return RegistryAnswer(register, Reply.NOT_FOUND, as_of=body.as_of)
        return RegistryAnswer(register, Reply.FOUND, record=body.record, as_of=body.as_of)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _get(self, register: Register, number: str) -> tuple[_Body | None, str]:
        """The answer, or why there is none: in words that hold neither the number nor the key."""
        if self._session is None:  # made late: a session belongs to the running loop
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.get(
                f"{self._base}/v1/{register}",
                params={"number": number},
                headers={"Authorization": f"Bearer {self._key.get_secret_value()}", "Accept": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,  # it would carry the key elsewhere
            ) as response:
                if response.status != 200:
                    return None, f"HTTP {response.status}"
                raw = await _read(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            return None, type(error).__name__
        if raw is None:
            return None, "answer too long"
        try:
            return _Body.model_validate_json(raw), ""
        except ValidationError:
            return None, "answer not by the contract"


def open_registries(settings: RegistriesSettings) -> HttpRegistries | NoRegistries:
    """As the settings say; without an address nobody is asked."""
    if not settings.base_url:
        return NoRegistries()
    return HttpRegistries(settings.base_url, settings.key, settings.seconds)


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
