"""What the use cases need from the world outside; adapters stand in ``gateways/``, ``app/`` joins the two."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from inspection.fingerprint import Fingerprint
from inspection.materials import BodyReport, DocumentReport, ItemLine, Ledger, ScreenshotReport
from inspection.report import Inspected, ProductHint, Report, Request


class Storage(Protocol):
    """Evidence by content hash, written once, private."""

    async def put(self, key: str, data: bytes) -> None:
        """Write ``data`` under ``key``; an object that is already there is left as it is and counts as success."""

    async def get(self, key: str) -> bytes:
        """The object's bytes; :class:`ObjectMissing` where there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""

    async def check(self) -> None:
        """Raise where the store cannot be reached or written."""


class ObjectMissing(Exception):
    """No object stands under that key."""


class Inspector(Protocol):
    """Looks at a picture in a process of its own."""

    async def inspect(self, request: Request) -> Inspected:
        """Judge one picture.

        Raises :class:`inspection.report.PictureRefused` where the bytes cannot be judged and :class:`InspectionFailed`
        where the process died or took too long.
        """
        ...

    async def inspect_body(
        self, data: bytes, products: tuple[ProductHint, ...] = (), certificate: Report | None = None
    ) -> BodyReport:
        """Judge one photo of a product's body or package; raises like :meth:`inspect`."""
        ...

    async def inspect_screenshot(self, data: bytes, expected_code: str | None, now: datetime) -> ScreenshotReport:
        """Judge one look-up screenshot; raises like :meth:`inspect`."""
        ...

    async def read_ledger(self, data: bytes, name: str) -> Ledger:
        """Read one ledger file; raises :class:`inspection.materials.LedgerRefused` or :class:`InspectionFailed`."""
        ...

    async def read_items(self, data: bytes, name: str) -> tuple[ItemLine, ...]:
        """Read a list of single items; raises like :meth:`read_ledger`."""
        ...

    async def read_document(self, data: bytes) -> DocumentReport:
        """Read one document (JPEG, PNG, PDF, OFD); raises like :meth:`inspect`."""
        ...

    async def check(self) -> None:
        """Raise where the pool cannot take work."""


class InspectionFailed(Exception):
    """The process that looked at the picture died or took too long; ``reason`` is ``timeout`` or ``crash``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence that shows the same shot: the same bytes, or a copy ``distance`` bits of 256 away."""

    evidence_id: int
    exact: bool
    distance: int


class PictureIndex(Protocol):
    """Every picture that was filed before, found again by its bytes or by its fingerprint (4.1.1, 7.2(2))."""

    async def record(self, evidence_id: int, fingerprint: Fingerprint) -> None:
        """Join the caller's transaction; recording the same evidence again changes nothing."""

    async def forget(self, evidence_id: int) -> None:
        """Join the caller's transaction: the evidence is dropped and will not be found again (R54)."""

    async def look_up(self, sha256: str, fingerprint: Fingerprint | None, *, besides: int | None = None) -> list[Seen]:
        """The evidence ``besides`` this one that shows the same shot, exact copies first, then the nearest.

        Never inside a transaction. Of two copies that come at once at least one finds the other, where each is looked
        up after its own row is committed.
        """
        ...


class CursorInvalid(Exception):
    """A cursor that no page of this kind gave out."""


class FirmIndex(Protocol):
    """Firms with something public (7.6), found by name fragment, pinyin, initials or credit code."""

    async def record(self, enterprise_id: int) -> None:
        """Join the caller's transaction: from now on the firm is found, under the name it has now.

        Called when something of the firm is made public; again, it changes nothing or brings the name up to date.
        """

    async def renamed(self, enterprise_id: int) -> None:
        """Join the caller's transaction: as :meth:`record` for a firm that is found already, else nothing."""

    async def find(self, text: str, *, limit: int, after: str | None = None) -> tuple[list[int], str | None]:
        """Ids of the firms that ``text`` may mean, the likeliest first, and the cursor of what follows.

        Never inside a transaction. The pages of one text hold each firm once; raises :class:`CursorInvalid`.
        """


class Register(StrEnum):
    """What can be asked outside (R34)."""

    BUSINESS = "business"
    """工商登记, by the unified social credit code."""
    LICENCE = "licence"
    """生产许可证, by its number."""
    CCC = "ccc"
    """CCC 证书, by its number."""
    TRACE = "trace"
    """国家追溯平台, by a trace code."""


class Reply(StrEnum):
    """What came of asking."""

    NOT_ASKED = "not_asked"  # nobody to ask is configured
    NOT_REACHABLE = "not_reachable"  # no answer, or none by the contract: nothing is known
    FOUND = "found"
    NOT_FOUND = "not_found"
    DIFFERS = "differs"  # found, and it says something else than was stated


@dataclass(frozen=True, slots=True)
class RegistryAnswer:
    """What one register said; ``record`` by the contract's names, ``differs`` names those that say something else."""

    register: Register
    reply: Reply
    record: Mapping[str, str] = field(default_factory=dict)
    differs: tuple[str, ...] = ()
    as_of: datetime | None = None


class Registries(Protocol):
    """The official registries and the national platform, as far as somebody answers for them (R34)."""

    async def ask(self, register: Register, number: str) -> RegistryAnswer:
        """What the register says of a number: every reply but ``differs``. Never raises; never inside a transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """A certificate as it is to be signed, and the same as a picture."""

    pdf: bytes
    png: bytes


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """What the signature of a PDF says, read from the signature itself and never from the page.

    ``ours``: made with our key, or by a file that carries our certificate and no longer fits it. ``intact``: nothing
    changed since, to the last byte. ``number`` and ``revision`` are those that were signed, None where they cannot be
    read. ``confirmation`` is the number of a confirmation, where it is one. ``sample``: signed with the sample key of a
    development machine.
    """

    ours: bool
    intact: bool
    signer: str = ""
    signed_at: datetime | None = None
    number: str | None = None
    revision: int | None = None
    confirmation: str | None = None
    sample: bool = False


class Certifier(Protocol):
    """Draws certificates and confirmations, signs them, and reads signatures."""

    @property
    def sample(self) -> bool:
        """Whether it signs with the marked sample key of a development machine."""
        ...

    async def missing_glyphs(self, text: str) -> str:
        """The characters of ``text`` that no font of ours can draw, each once; empty where all is well."""
        ...

    async def render(self, face: dict[str, Any], qr_url: str) -> Drawn:
        """Draw a face (``workflow.certifying.certificate_life.face_to_json``); the same face gives the same bytes.

        Raises :class:`CertifierFailed` where it cannot be drawn or takes too long.
        """
        ...

    async def sign(self, pdf: bytes, number: str, revision: int) -> bytes:
        """Sign a drawn PDF (PAdES); each signing gives other bytes. Raises :class:`CertifierFailed`."""
        ...

    async def render_confirmation(self, face: dict[str, Any], qr_url: str) -> bytes:
        """The PDF of a confirmation's face (``relying.confirmations``), as :meth:`render` draws a certificate's."""
        ...

    async def sign_confirmation(self, pdf: bytes, number: str) -> bytes:
        """Sign a confirmation's PDF as that ``number``, like :meth:`sign`."""
        ...

    async def verify(self, pdf: bytes) -> SignatureVerdict | None:
        """What the signature says; None where the bytes carry none that can be read. Takes any bytes from anybody."""
        ...

    async def check(self) -> None:
        """Raise :class:`CertifierFailed` where fonts or key are not usable."""


class CertifierFailed(Exception):
    """A certificate could not be drawn, signed or checked; the message is for the operator."""


class StatementsUnavailable(Exception):
    """There is no key to sign statements with; the message is for the operator."""


class Statements(Protocol):
    """Signs what the platform states to machines, as JWS that anybody verifies with the published keys (4.3.2, 10)."""

    @property
    def issuer(self) -> str:
        """Who states it: the platform's public URL, without a slash at its end."""
        ...

    @property
    def sample(self) -> bool:
        """Whether it signs with the marked sample key of a development machine."""
        ...

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """A compact JWS over exactly these claims; ``typ`` is its media type without ``application/``.

        Takes a fraction of a millisecond. Raises :class:`StatementsUnavailable`.
        """
        ...

    def jwks(self) -> dict[str, Any]:
        """The public keys, the present one first and those that signed before it (RFC 7517)."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one POST: the status of its answer, None where there was none; ``error`` is empty for 2xx."""

    status: int | None
    error: str


class WebhookSender(Protocol):
    """Posts to addresses that partners named, and to nowhere that only we can reach."""

    async def refusal(self, url: str) -> str:
        """Why nothing is posted to that URL, a Chinese clause without an end; empty where it may be."""
        ...

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """One attempt, within seconds; never raises, never inside a transaction. A redirect is no success."""
        ...


class CacheUnavailable(Exception):
    """The cache cannot be reached; nothing is known of the key."""


class Cache(Protocol):
    """Short-lived state: dialogs, dedupe marks, tokens, locks. In the process, or Redis where several share it."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None where it is absent or has run out."""
        ...

    async def put(self, key: str, value: bytes, seconds: float, *, only_new: bool = False) -> bool:
        """Store for ``seconds``; with ``only_new`` False is answered, and nothing changed, where the key is taken."""
        ...

    async def delete(self, key: str, *, only: bytes | None = None) -> bool:
        """Remove the key; with ``only`` just where it still holds that value. True where something was removed."""
        ...

    def lock(self, key: str, seconds: float) -> AbstractAsyncContextManager[None]:
        """Hold ``key`` alone; waits for the holder, who loses it after ``seconds`` at the latest."""
        ...

    async def check(self) -> None:
        """Raise where the cache cannot be reached."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a rate limit after one more request; ``reset`` is in seconds from now."""

    allowed: bool
    limit: int
    remaining: int
    reset: float


class Limiter(Protocol):
    """Counts requests in a sliding window, in the process, or in Redis where several share the count."""

    async def hit(self, key: str, limit: int, seconds: int) -> Allowance:
        """One more request under ``key``, of ``limit`` in ``seconds``; raises :class:`CacheUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job this worker holds until ``lease`` runs out."""

    id: int
    kind: str
    key: str
    args: dict[str, Any]
    attempts: int
    max_attempts: int
    lease: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to enqueue, as :meth:`Queue.enqueue` takes it."""

    kind: str
    key: str
    args: dict[str, Any]
    due: datetime
    priority: int = 0
    max_attempts: int = 5


class Queue(Protocol):
    """Work that must happen: enqueued in the transaction of the row it belongs to, done at least once.

    ``due`` is business time; leases go by the real time.
    """

    async def enqueue(
        self, kind: str, key: str, args: dict[str, Any], *, due: datetime, priority: int = 0, max_attempts: int = 5
    ) -> bool:
        """Join the caller's transaction. False where ``key`` was enqueued before, ever: nothing is added then."""
        ...

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> None:
        """Join the caller's transaction: all of them at once, but for those whose ``key`` was enqueued before, ever."""

    async def claim(self, limit: int, seconds: float, *, key: str | None = None) -> list[ClaimedJob]:
        """Lease up to ``limit`` due jobs for ``seconds`` (or the one named by ``key``, due or not); counts an attempt.

        Those of higher priority go first; among equals those that came or were due earlier, as the adapter counts it.

        A job that used up its attempts while its workers died is buried here, not handed out again.
        """
        ...

    async def renew(self, job: ClaimedJob, seconds: float) -> bool:
        """Lengthen the lease; False where it was lost."""
        ...

    async def finish(self, job: ClaimedJob) -> bool:
        """Mark done, inside the transaction of the job's effect. False: another worker did; roll the effect back."""
        ...

    async def retry(self, job: ClaimedJob, due: datetime, error: str) -> None:
        """Give it back for another attempt at ``due``; with no attempt left it is buried."""

    async def postpone(self, job: ClaimedJob, due: datetime, args: dict[str, Any] | None = None) -> None:
        """Put it off until ``due``: nothing was tried, so this attempt is not counted. ``args`` replaces its own."""

    async def bury(self, job: ClaimedJob, error: str) -> None:
        """Give up for good; it stays visible."""

    async def forget(self, kinds: Collection[str], before: datetime) -> int:
        """Delete jobs of ``kinds`` done before that moment: only where their keys can never be enqueued again."""
        ...

    def listening(self, ring: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """While the block runs, ``ring`` may be called when any process enqueued something; a hint, like the bell's."""
        ...


@dataclass(frozen=True, slots=True)
class QrTicket:
    """A parametric QR code of the service account: render ``url`` yourself."""

    ticket: str
    url: str
    expires_in: int | None


class WeChatError(Exception):
    """WeChat refused; ``errcode`` and ``errmsg`` are WeChat's own. Never carries a token or a secret."""

    def __init__(self, errcode: int | None, errmsg: str) -> None:
        super().__init__(errcode, errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


class Unavailable(WeChatError):
    """Nothing was delivered and trying again later may help (-1, 45009, 45011, no connection)."""

    retry_after: float = 5.0


class OutcomeUnknown(WeChatError):
    """The request left, no answer came: it may have been delivered. Not repeated for a person's eyes."""


class NotReachable(WeChatError):
    """This person cannot be reached this way now (45015, 45047, 43004, 48002 …): use another channel."""


class Misconfigured(WeChatError):
    """Ours to mend: app id, secret, IP list, permission (40013, 40125, 40164, 48001 …)."""


class BadRequest(WeChatError):
    """The call itself is wrong and will stay so (40003, 40007, 45002, 47001 …)."""


class PictureTooLarge(BadRequest):
    """The picture is larger than we take; it was not read to its end."""

    def __init__(self, limit: int) -> None:
        super().__init__(None, f"picture is larger than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class WeChatLogin:
    """Who WeChat says stands behind a login code. ``virtual``: WeChat's page preview, not the person's own account.

    The session key of the mini-program is not in here: it never leaves the gateway.
    """

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    virtual: bool = False


class TextVerdict(StrEnum):
    """What WeChat's security check says of a text that others will read."""

    PASS = "pass"
    REVIEW = "review"
    RISKY = "risky"


class WeChat(Protocol):
    """The service account's server API, as far as we use it, and the mini-program's login."""

    async def fetch_picture(self, pic_url: str, media_id: str) -> bytes:
        """The picture of an inbound message: by ``pic_url`` from an allowed host, else by ``media_id``."""
        ...

    async def upload_image(self, jpeg: bytes) -> str:
        """Upload a temporary image (at most 2 MB) and return its media id (3 days)."""
        ...

    async def send_text(self, openid: str, text: str) -> None:
        """One customer-service text."""

    async def send_image(self, openid: str, media_id: str) -> None:
        """One customer-service picture."""

    async def send_subscribe(self, openid: str, template: str, fields: Mapping[str, str], url: str) -> str:
        """One subscribe message (订阅通知); its number, under which the result comes back, empty where none is told.

        ``fields`` by the template's own names (``thing1`` …); ``url`` is opened by a tap, empty: nothing is.
        """
        ...

    async def send_template(
        self, openid: str, template: str, fields: Mapping[str, str], url: str, client_id: str
    ) -> str:
        """One template message (模板消息); answers like :meth:`send_subscribe`.

        ``client_id`` (at most 32 characters): WeChat delivers it once within ten minutes.
        """
        ...

    async def create_menu(self, menu: dict[str, Any]) -> None:
        """Replace the account's menu."""

    async def create_qr(self, scene: str, seconds: int | None) -> QrTicket:
        """A parametric QR for ``scene`` (1–64 characters); ``seconds`` None: permanent."""
        ...

    async def user_info(self, openid: str) -> dict[str, Any]:
        """What WeChat tells of a follower: subscribe, unionid, subscribe_time …"""
        ...

    async def code_to_session(self, code: str) -> WeChatLogin:
        """Whose ``wx.login`` code of the mini-program this is; :class:`Misconfigured` where there is no mini-program.

        :class:`BadRequest` 40029 (unknown or run out), 40163 (used), 40226 (the person is blocked by WeChat).
        """
        ...

    async def check_text(self, openid: str, text: str) -> TextVerdict:
        """What WeChat says of a comment (at most 2500 characters) by a person of the mini-program.

        :class:`NotReachable` where they were not in the mini-program within two hours: it is not checked then;
        :class:`Misconfigured` where there is no mini-program.
        """
        ...

    async def web_identity(self, code: str) -> WeChatLogin:
        """Whose code of the service account's web authorisation this is; raises like :meth:`code_to_session`."""
        ...

    async def jsapi_ticket(self) -> str:
        """The ticket that signs the JS-SDK's configuration."""
        ...
