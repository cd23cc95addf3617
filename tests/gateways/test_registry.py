"""The registries' contract against a peer that speaks it: found, not found, and everything that proves nothing."""

import logging
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from config.settings import RegistriesSettings
from gateways.registry import HttpRegistries, NoRegistries, open_registries
from tests.gateways.registries_peer import KEY, RegistriesPeer
from workflow.ports import Register, Registries, Reply

USCC = "91310000MA0000007L"


@pytest.fixture
def peer() -> RegistriesPeer:
    return RegistriesPeer()


@pytest.fixture
async def ask(peer: RegistriesPeer) -> AsyncIterator[Callable[..., HttpRegistries]]:
    opened: list[HttpRegistries] = []
    async with TestServer(peer.app(), host="127.0.0.1") as server:

        def make(key: str = KEY, seconds: float = 5) -> HttpRegistries:
            opened.append(HttpRegistries(str(server.make_url("/")), SecretStr(key), seconds))
            return opened[-1]

        yield make
        for one in opened:
            await one.aclose()


async def test_a_record_comes_back_as_the_register_holds_it(
    peer: RegistriesPeer, ask: Callable[..., Registries]
) -> None:
    peer.records["business", USCC] = {"name": "样例电缆有限公司", "status": "active"}
    answer = await ask().ask(Register.BUSINESS, USCC)
    assert (answer.reply, answer.record) == (Reply.FOUND, {"name": "样例电缆有限公司", "status": "active"})
    assert answer.as_of is not None
    assert answer.as_of.isoformat() == "2026-11-24T02:00:00+00:00"


@pytest.mark.parametrize("register", list(Register))
async def test_what_the_register_does_not_hold_is_not_found(
    peer: RegistriesPeer, ask: Callable[..., Registries], register: Register
) -> None:
    number = "https://id.gs1.org/01/06901234567892/21/A&B?x=追溯"
    assert (await ask().ask(register, number)).reply is Reply.NOT_FOUND
    assert peer.asked == [(register.value, number)]


def _text(text: str, **given: object) -> web.Response:
    return web.Response(text=text, content_type="application/json", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "trouble",
    [
        _text('{"found": true}', status=500),
        _text('{"found": true}', status=404),
        _text("<html>"),
        _text("{}"),
        _text('{"found": "yes"}'),
        _text('{"found": true, "record": {"name": {"deep": 1}}}'),
        _text('{"found": true, "as_of": "2026-11-24T02:00:00"}'),
        _text('{"found": true, "record": {"name": "' + "x" * 70_000 + '"}}'),
        _text("", status=302, headers={"Location": "/v1/ccc?number=1"}),
        2.0,
    ],
    ids=["500", "404", "html", "empty", "word", "deep", "naive", "long", "redirect", "late"],
)
async def test_what_is_not_by_the_contract_proves_nothing(
    peer: RegistriesPeer, ask: Callable[..., Registries], trouble: web.StreamResponse | float
) -> None:
    peer.trouble.append(trouble)
    peer.records["business", USCC] = {"name": "样例"}
    answer = await ask(seconds=0.3).ask(Register.BUSINESS, USCC)
    assert (answer.reply, answer.record) == (Reply.NOT_REACHABLE, {})
    assert len(peer.asked) == 1


async def test_a_wrong_key_or_nobody_there_is_not_reachable(
    ask: Callable[..., Registries], unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert (await ask(key="wrong-key").ask(Register.BUSINESS, USCC)).reply is Reply.NOT_REACHABLE
    away = HttpRegistries(f"http://127.0.0.1:{unused_tcp_port}", SecretStr(KEY), 0.5)
    assert (await away.ask(Register.BUSINESS, USCC)).reply is Reply.NOT_REACHABLE
    await away.aclose()
    ours = [record.getMessage() for record in caplog.records if record.name == "gateways.registry"]
    assert len(ours) == 2
    assert not any(USCC in line or "key" in line for line in ours)


async def test_without_an_address_nobody_is_asked() -> None:
    registries = open_registries(RegistriesSettings.model_validate({}))
    assert isinstance(registries, NoRegistries)
    assert (await registries.ask(Register.CCC, "1")).reply is Reply.NOT_ASKED
    await registries.aclose()
    assert isinstance(
        open_registries(RegistriesSettings.model_validate({"base_url": "https://sample.test"})), HttpRegistries
    )
