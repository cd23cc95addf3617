"""Partners and their keys: whose systems may ask ``/open/v1``, for what, and how often (8.3, 10.2–10.4).

A key is ``zk_<key id>_<secret>``. Its secret is derived from the platform's own and the key's id, so that a request may
be signed with it and yet nothing secret is stored: of the secret only a hash is kept, against which a key that is sent
along is compared. A platform whose own secret was changed knows its old keys still, and takes no signature of theirs.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from config.clock import real_seconds
from models import ApiKey, Partner, PartnerKind
from models.prepared import Prepared
from models.transactions import transaction
from standard.calendar import shanghai_day
from standard.identifiers import credit_code
from standard.profile import edition_on
from workflow.context import Ports
from workflow.links import token_hash
from workflow.problems import Kind, Refused
from workflow.record import record_event

PREFIX = "zk"
SKEW_SECONDS = 300
"""How far the clock of a signed request may be off, either way."""
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{16}})_([0-9a-f]{{64}})")


class Scope(StrEnum):
    """What a key may be used for."""

    QUERY = "query"
    """Firms, certificates, codes: what is public (7.6), with a statement."""
    ADMISSION = "admission"
    """Whether a marketplace admits a firm (10.3)."""
    REGULATE = "regulate"
    """What 10.4 says of a firm."""
    ADOPT = "adopt"
    """Adoptions of results in the partner's own tenders (8.5(1))."""
    WEBHOOK = "webhook"
    """Being told of changes."""


SCOPES: Mapping[PartnerKind, tuple[Scope, ...]] = MappingProxyType(
    {
        PartnerKind.MARKETPLACE: (Scope.QUERY, Scope.ADMISSION, Scope.WEBHOOK),
        PartnerKind.REGULATOR: (Scope.QUERY, Scope.REGULATE, Scope.WEBHOOK),
        PartnerKind.ASSOCIATION: (Scope.QUERY, Scope.WEBHOOK),
        PartnerKind.CUSTOMER: (Scope.QUERY, Scope.ADOPT, Scope.WEBHOOK),
    }
)
"""What a kind of partner may be given a key for: each what the standard's clause on it speaks of (8.3)."""

KINDS: Mapping[PartnerKind, str] = MappingProxyType(
    {
        PartnerKind.MARKETPLACE: "网售平台",
        PartnerKind.REGULATOR: "监管部门",
        PartnerKind.ASSOCIATION: "行业协会",
        PartnerKind.CUSTOMER: "采购方",
    }
)
"""Their names."""


class KeyRefused(Exception):
    """A key or a signature that opens nothing; ``code`` is stable, ``advice`` a Chinese sentence."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code)
        self.code = code
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose request it is: a key that is in force, and its partner."""

    key: ApiKey
    partner: Partner
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A signed request as it arrived; ``path`` with its query, exactly as it was sent, ``body`` once it was read."""

    key_id: str
    timestamp: str
    nonce: str
    signature: str = field(repr=False)
    method: str
    path: str
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; ``token`` is shown this once and stands nowhere else."""

    key: ApiKey
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a key is made for: ``expires_at`` is real time, None: it does not run out."""

    scopes: Collection[Scope]
    per_minute: int = 300
    per_day: int = 50_000
    signed: bool = False
    expires_at: datetime | None = None


# --- who may ask -----------------------------------------------------------------------------------------------------


async def holder_by_token(token: str) -> Holder:
    """Whose key was sent along; :class:`KeyRefused` where it opens nothing, or where requests have to be signed."""
    parts = _TOKEN.fullmatch(token.strip())
    key = None if parts is None else await _known(parts[1])
    if parts is None or key is None or not hmac.compare_digest(token_hash(parts[2]), key.secret_hash):
        raise KeyRefused("key_unknown", "接口密钥不正确：请核对是否完整（zk_ 开头），或请运营方重新发放")
    if key.signed:
        raise KeyRefused("signature_required", "这把密钥的请求须签名（X-Zhuisu-Signature）：签名方法见接入文档")
    return _in_force(key)


async def signer_of(request: SignedRequest) -> Holder:
    """Who says to have signed it, by its headers alone: nothing of a body is read for whoever cannot have signed it.

    :class:`KeyRefused` where no signature could be right. :func:`check_signature` says whether this one is.
    """
    if not _TIMESTAMP.fullmatch(request.timestamp) or abs(real_seconds() - int(request.timestamp)) > SKEW_SECONDS:
        raise KeyRefused("timestamp_off", f"时间戳与平台相差超过 {SKEW_SECONDS} 秒：请校准时钟，用当前时间重新签名")
    if not _NONCE.fullmatch(request.nonce):
        raise KeyRefused("nonce_wrong", "随机数应为 16–64 个字母、数字、- 或 _，每次请求换一个")
    shapely = _KEY_ID.fullmatch(request.key_id) and _SIGNATURE.fullmatch(request.signature)
    key = await _known(request.key_id) if shapely else None
    if key is None:
        raise _signature_wrong()
    return _in_force(key)


async def check_signature(ports: Ports, holder: Holder, request: SignedRequest) -> None:
    """:class:`KeyRefused` where the signature is not right for the whole request, or was used before.

    The nonce is kept as long as its timestamp could be accepted, and only once the signature is right.
    """
    if not _signed_by(secret_of(ports, holder.key.key_id), holder.key, request):
        raise _signature_wrong()
    fresh = await ports.cache.put(f"nonce:{request.key_id}:{request.nonce}", b"1", 2 * SKEW_SECONDS, only_new=True)
    if not fresh:
        raise KeyRefused("nonce_used", "这个随机数已经用过：请换一个后重新签名")


def _signature_wrong() -> KeyRefused:
    advice = "签名不正确：请核对密钥、方法、路径与查询、时间戳、随机数和正文摘要是否逐字节一致"
    return KeyRefused("signature_wrong", advice)


def _signed_by(secret: str, key: ApiKey, request: SignedRequest) -> bool:
    """Whether the signature is right, and the secret still the one that the key was made with."""
    right = hmac.compare_digest(signature_of(secret, request), request.signature)
    return right and hmac.compare_digest(token_hash(secret), key.secret_hash)


def signature_of(secret: str, request: SignedRequest) -> str:
    """The signature that a request should carry: HMAC-SHA256 in hexadecimal over five lines."""
    body = hashlib.sha256(request.body).hexdigest()
    lines = (request.method, request.path, request.timestamp, request.nonce, body)
    return hmac.digest(secret.encode(), "\n".join(lines).encode("utf-8", "surrogateescape"), "sha256").hex()


def secret_of(ports: Ports, key_id: str) -> str:
    """The secret of a key, 64 hexadecimal digits: derived, never stored."""
    return ports.links.keyed_hash("api_key", key_id)


async def used(key: ApiKey) -> None:
    """Note that the key is in use: a write a day."""
    today = datetime.fromtimestamp(real_seconds(), UTC).date()
    if key.last_used_on is None or key.last_used_on < today:
        await ApiKey.filter(id=key.id).update(last_used_on=today)
        key.last_used_on = today


_BY_ID = Prepared(lambda key_id: ApiKey.filter(key_id=key_id).select_related("partner"))


async def _known(key_id: str) -> ApiKey | None:
    return next(iter(await _BY_ID(key_id)), None)


def _in_force(key: ApiKey) -> Holder:
    """By the row as it was just read: what was revoked opens nothing."""
    now = datetime.fromtimestamp(real_seconds(), UTC)
    if key.revoked_at is not None or key.partner.ended_at is not None:
        raise KeyRefused("key_revoked", "这把接口密钥已被收回：请联系运营方")
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyRefused("key_expired", "这把接口密钥已到期：请联系运营方换新")
    return Holder(key, key.partner, frozenset(map(Scope, key.scopes)))


# --- the operator's side ---------------------------------------------------------------------------------------------


async def add_partner(
    ports: Ports, name: str, kind: PartnerKind, *, uscc: str = "", sample: bool = False, by: str = "system"
) -> Partner:
    """A new partner. Refused: ``name_missing``, ``uscc_invalid``."""
    if not name.strip():
        raise Refused(Kind.INVALID, "name_missing", "请写明合作方的名称", field="name")
    number = credit_code(uscc, edition=edition_on(shanghai_day(ports.clock.now()))) if uscc else None
    if number is not None and not number.valid:
        raise Refused(Kind.INVALID, "uscc_invalid", number.findings[0].reason, field="uscc")
    async with transaction():
        partner = await Partner.create(
            ref=secrets.token_hex(8),
            name=name.strip(),
            uscc=number.normal if number is not None else "",
            kind=kind,
            is_sample=sample,
            created_at=ports.clock.now(),
        )
        after = {"name": partner.name, "kind": kind.value}
        await record_event(ports, "partner:add", "partner", partner.id, actor=by, clause="8.3", after=after)
    return partner


async def end_partner(ports: Ports, ref: str, *, by: str = "system") -> Partner:
    """The partner's systems are let in no more; ending it again changes nothing. Refused: ``not_found``."""
    partner = await partner_of(ref)
    async with transaction():
        if await Partner.filter(id=partner.id, ended_at=None).update(ended_at=ports.clock.now()):
            await record_event(ports, "partner:end", "partner", partner.id, actor=by, clause="8.3")
    return partner


async def new_key(ports: Ports, partner: Partner, terms: Terms, *, by: str = "system") -> NewKey:
    """A key for the partner's systems. Refused: ``scope_not_for_kind``, ``scope_missing``, ``partner_ended``."""
    allowed = SCOPES[PartnerKind(partner.kind)]
    if partner.ended_at is not None:
        raise Refused(Kind.CONFLICT, "partner_ended", "这个合作方已停用，不能再发密钥")
    if not terms.scopes:
        raise Refused(Kind.INVALID, "scope_missing", "请写明密钥的用途", field="scopes")
    if foreign := [scope.value for scope in terms.scopes if scope not in allowed]:
        advice = f"{KINDS[PartnerKind(partner.kind)]}的密钥不能有用途 {'、'.join(foreign)}；可选 {'、'.join(allowed)}"
        raise Refused(Kind.INVALID, "scope_not_for_kind", advice, clause="8.3", field="scopes")
    key_id = secrets.token_hex(8)
    secret = secret_of(ports, key_id)
    async with transaction():
        key = await ApiKey.create(
            key_id=key_id,
            partner_id=partner.id,
            secret_hash=token_hash(secret),
            scopes=sorted({scope.value for scope in terms.scopes}),
            per_minute=terms.per_minute,
            per_day=terms.per_day,
            signed=terms.signed,
            created_at=ports.clock.now(),
            created_by=by,
            expires_at=terms.expires_at,
        )
        after = {"key": key_id, "scopes": key.scopes, "signed": terms.signed}
        await record_event(ports, "partner:key", "partner", partner.id, actor=by, clause="8.3", after=after)
    return NewKey(key, f"{PREFIX}_{key_id}_{secret}")


async def revoke_key(ports: Ports, key_id: str, *, by: str = "system") -> ApiKey:
    """The key opens nothing from the next request on; again, it changes nothing. Refused: ``not_found``."""
    key = await _known(key_id)
    if key is None:
        raise Refused(Kind.NOT_FOUND, "not_found", f"没有编号为 {key_id} 的密钥")
    async with transaction():
        if await ApiKey.filter(id=key.id, revoked_at=None).update(revoked_at=ports.clock.now()):
            after = {"key": key_id}
            await record_event(ports, "partner:revoke", "partner", key.partner_id, actor=by, clause="8.3", after=after)
    return key


async def partner_of(ref: str) -> Partner:
    """The partner with that ref. Refused: ``not_found``."""
    partner = await Partner.get_or_none(ref=ref)
    if partner is None:
        raise Refused(Kind.NOT_FOUND, "not_found", f"没有编号为 {ref} 的合作方")
    return partner


async def partners() -> list[tuple[Partner, list[ApiKey]]]:
    """All partners with their keys, the oldest first."""
    keys: dict[int, list[ApiKey]] = {}
    for key in await ApiKey.all().order_by("id"):
        keys.setdefault(key.partner_id, []).append(key)
    return [(partner, keys.get(partner.id, [])) for partner in await Partner.all().order_by("id")]
