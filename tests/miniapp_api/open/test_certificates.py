"""Certificates, codes and credentials: verified with the published keys; suspended and revoked is seen at once."""

import gzip
import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from joserfc import jws
from joserfc.errors import JoseError

from config.settings import Settings
from gateways.cache import MemoryCache
from miniapp_api.open import add_open
from models import Certificate, Enterprise, ScanEvent
from models.transactions import transaction
from standard import life
from standard.months import Month
from tests import rows
from tests.miniapp_api.conftest import problem
from tests.miniapp_api.open.conftest import Start, caller, stated, verified
from tests.miniapp_api.test_queries import certified
from tests.workflow.living import living, month_of
from tests.workflow.world import World
from workflow.certifying.certificate_effects import Manner
from workflow.certifying.certificates import apply_to_held, held
from workflow.relying.credentials import encoded

USCC = "91330100MA00000012"
NUMBER = "T-CMIF-2026-000001"


class Seconds:
    """A monotonic clock by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def client(world: World, settings: Settings, aiohttp_client: Start, seconds: Seconds) -> TestClient:
    """The partners' API, whose cache goes by a clock of our own."""
    app = web.Application()
    add_open(app, settings, replace(world.ports, cache=MemoryCache(monotonic=seconds)))
    return await aiohttp_client(app)


async def credential(client: TestClient, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a credential, verified with the published keys."""
    answer = await client.get(f"/open/v1/{path}")
    assert (answer.status, answer.content_type) == (200, "application/vc+jwt"), await answer.text()
    text = await answer.text()
    return jws.extract_compact(text.encode()).headers(), await verified(client, text)


async def bit(client: TestClient, purpose: str, index: int) -> bool:
    """What the published list of that purpose says of a place, read as the W3C text says."""
    _, claims = await credential(client, f"status/{purpose}")
    subject = claims["credentialSubject"]
    assert (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", purpose)
    assert subject["encodedList"].startswith("u")
    packed = subject["encodedList"][1:]
    bits = gzip.decompress(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    assert len(bits) * 8 >= 131_072
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


async def step(world: World, certificate: Certificate, *events: life.Event) -> None:
    """The certificate lives on, as the operator or the calendar has it."""
    async with transaction():
        for event in events:
            row = (await held({certificate.id}))[certificate.id]
            await apply_to_held(world.ports, [(row, event)], Manner("system"))


async def test_a_certificate_is_told_as_its_page_shows_it(client: TestClient, world: World, firm: Enterprise) -> None:
    made = await certified(world, firm)
    shop = await caller(world)
    answer = await client.get(f"/open/v1/certificates/{made.number.replace('/', '-')}", headers=shop.headers)
    facts = await stated(client, answer, "certificate")
    assert (facts["number"], facts["grade"], facts["alive"]) == (made.number, "AA", True)
    await problem(await client.get("/open/v1/certificates/T-CMIF-2026-000099", headers=shop.headers), 404)


async def test_a_code_is_told_with_product_maker_and_certificate_and_no_look_up_is_counted(
    client: TestClient, world: World
) -> None:
    one = await living(uscc=USCC)
    product = await rows.product(enterprise_id=one.firm.id, gtin="06901234567892", category="电线电缆")
    shop = await caller(world)
    asked = {"code": "https://id.gs1.org/01/06901234567892/10/L1/21/0001"}
    facts = await stated(client, await client.get("/open/v1/codes", params=asked, headers=shop.headers), "code")
    assert (facts["outcome"], facts["covered"]) == ("known", True)
    assert (facts["product"]["name"], facts["maker"]["uscc"]) == (product.name, USCC)
    assert (facts["certificate"]["number"], facts["certificate"]["state"]) == (one.certificate.number, "active")
    unknown = await client.get("/open/v1/codes", params={"code": "hello"}, headers=shop.headers)
    facts = await stated(client, unknown, "code")
    assert (facts["product"], facts["maker"], facts["certificate"]) == (None, None, None)
    assert await ScanEvent.all().count() == 0


async def test_a_certificate_is_a_credential_of_the_w3c_data_model(client: TestClient) -> None:
    one = await living(uscc=USCC, name="样例电缆有限公司", grade="AA")
    header, claims = await credential(client, f"certificates/{NUMBER}/credential")
    assert (header["alg"], header["typ"]) == ("ES256", "vc+jwt")
    listed = "https://sample.test/open/v1/status"
    assert claims == {
        "@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "https://sample.test/open/v1/terms#"}],
        "id": f"https://sample.test/open/v1/certificates/{NUMBER}/credential",
        "type": ["VerifiableCredential", "TraceabilityCapabilityCertificate"],
        "issuer": "https://sample.test",
        "validFrom": "2026-11-23T16:00:00Z",
        "validUntil": "2027-11-23T15:59:59Z",
        "credentialStatus": [
            {
                "id": f"{listed}/{purpose}#{one.certificate.serial}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": str(one.certificate.serial),
                "statusListCredential": f"{listed}/{purpose}",
            }
            for purpose in ("revocation", "suspension")
        ],
        "credentialSubject": {
            "type": "Enterprise",
            "name": "样例电缆有限公司",
            "uscc": USCC,
            "certificateNumber": "T/CMIF-2026-000001",
            "grade": "AA",
            "gradeName": "优秀级",
            "categories": ["电线电缆"],
            "conditions": [],
            "standard": "T/ZGJDJX—3—2026",
            "page": f"https://sample.test/c/{NUMBER}",
            "sample": True,
        },
        "iss": "https://sample.test",
        "iat": claims["iat"],
        "exp": claims["iat"] + 7 * 86_400,
    }
    issuer = await (await client.get("/.well-known/jwt-vc-issuer")).json()
    assert issuer == {"issuer": "https://sample.test", "jwks_uri": "https://sample.test/.well-known/jwks.json"}


async def test_a_flipped_byte_of_a_credential_is_noticed(client: TestClient) -> None:
    await living(uscc=USCC)
    text = await (await client.get(f"/open/v1/certificates/{NUMBER}/credential")).text()
    head, payload, signature = text.split(".")
    middle = len(payload) // 2
    flipped = payload[:middle] + ("A" if payload[middle] != "A" else "B") + payload[middle + 1 :]
    with pytest.raises((JoseError, ValueError)):
        await verified(client, f"{head}.{flipped}.{signature}")


async def test_a_suspension_and_a_revocation_are_seen_in_the_lists_at_once(
    client: TestClient, world: World, seconds: Seconds
) -> None:
    one, other = await living(uscc=USCC), await living()
    await month_of(one, "2026-12")
    places = one.certificate.serial, other.certificate.serial
    assert [await bit(client, purpose, place) for purpose in ("suspension", "revocation") for place in places] == (
        [False] * 4
    )
    month = Month(2026, 12)
    failed = life.MissMonth(on=date(2026, 12, 26), month=month, make_up_until=date(2026, 12, 30))
    await step(world, one.certificate, failed, life.MakeUpMissed(on=date(2026, 12, 31), month=month))
    # Half a second is the most that a list may be behind.
    seconds.now += 0.4
    assert [await bit(client, "suspension", place) for place in places] == [True, False]
    assert not await bit(client, "revocation", places[0])
    on, ground = date(2027, 1, 4), "9.5.1(9)"
    opened = life.OpenCase(on=on, ground=ground, by=life.Actor.OPERATOR)
    revoked = life.Revoke(on=on, ground=ground, reason="样例", decided_by="样例")
    await step(world, one.certificate, opened, revoked)
    seconds.now += 0.4
    assert [await bit(client, "revocation", place) for place in places] == [True, False]
    assert [await bit(client, "suspension", place) for place in places] == [False, False]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("state", "revoked", "suspended"),
    [
        ("active", False, False),
        ("warned", False, False),
        ("suspended", False, True),
        ("expired", False, False),
        ("revoked", True, False),
        ("cancelled", True, False),
        ("superseded", True, False),
    ],
)
async def test_every_state_has_its_bits(client: TestClient, state: str, revoked: bool, suspended: bool) -> None:
    one = await living(uscc=USCC)
    await Certificate.filter(id=one.certificate.id).update(state=state)
    place = one.certificate.serial
    assert (await bit(client, "revocation", place), await bit(client, "suspension", place)) == (revoked, suspended)


async def test_a_list_says_from_when_to_when_it_is_good(client: TestClient) -> None:
    header, claims = await credential(client, "status/revocation")
    assert header["typ"] == "vc+jwt"
    assert claims["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert claims["id"] == "https://sample.test/open/v1/status/revocation"
    begins, ends = (datetime.fromisoformat(claims[name]) for name in ("validFrom", "validUntil"))
    assert ((ends - begins).total_seconds(), claims["exp"] - claims["iat"]) == (300, 300)
    assert claims["credentialSubject"]["ttl"] == 500
    await problem(await client.get("/open/v1/status/message"), 404)


def test_a_list_grows_with_the_certificates() -> None:
    def length(serial: int) -> int:
        packed = encoded([serial], at_least=serial)[1:]
        bits = gzip.decompress(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        assert bits[serial // 8] == 0x80 >> serial % 8
        assert sum(bits) == bits[serial // 8]
        return len(bits) * 8

    assert [length(serial) for serial in (0, 131_071, 131_072, 300_000)] == [131_072, 131_072, 262_144, 393_216]


async def test_the_document_is_served(client: TestClient) -> None:
    document = json.loads(await (await client.get("/open/openapi.json")).text())
    assert document["paths"]["/open/v1/firms/{uscc}"]["get"]["security"][0] == {"key": []}
