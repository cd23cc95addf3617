"""Which product a trace code belongs to, and what stands behind it today (3.4, 4.3.3, 7.6).

State grows with firms and products, not with items: a code is known by the item that a firm filed, where it filed any,
else by the longest pattern that a photo proved, else by the GTIN that a registered product has in its form. What is not
public of a firm (8.3) is not said here: its codes are unknown until a result of it was published, and until then what
it registered, proved or filed takes no code from a firm that everybody may know.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tortoise.expressions import Q
from tortoise.functions import Length

from config.clock import SHANGHAI
from models import Certificate, CodePattern, CodePatternKind, Item, Product, Publication, ScanOutcome
from models.prepared import Prepared
from standard.codes import Kind, TraceCode, judge, look_alike, read
from standard.outcome import Finding, Outcome
from standard.profile import Edition, edition_on
from workflow.certifying.certificate_register import CERTIFICATES, certificate_to_show
from workflow.context import Ports
from workflow.intake.code_patterns import patterns_of
from workflow.intake.judged_codes import GTIN
from workflow.scanning.trace_links import code_in

CLAUSE = "4.3.3"
_MOST = 64
"""Patterns looked at; so many products under one pattern are told apart by none of them."""

Patterns = frozenset[tuple[CodePatternKind, str]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A code, and whose it is, as everybody may know it (7.6).

    ``key`` stands for the code in our tables; ``findings`` are what clause 3.4 says of it. ``product`` (its enterprise
    fetched) is there where ``outcome`` is KNOWN, and retired where the firm withdrew it after it had filed the item.
    ``certificate`` (its enterprise fetched) is the one to show today: the newest alive, else the newest; ``covered``:
    it lists the product's category.

    ``recorded_for``: the firm and the product in whose records a look-up is kept, also where nothing of the firm is
    public yet; it is for no answer.
    """

    code: TraceCode
    key: str
    outcome: ScanOutcome
    findings: tuple[Finding, ...]
    product: Product | None = None
    item: Item | None = None
    certificate: Certificate | None = None
    covered: bool = False
    recorded_for: tuple[int, int] | None = None


def code_key(canonical: str) -> str:
    """What stands for a code in the tables: 32 hexadecimal digits of its canonical text."""
    return hashlib.blake2b(canonical.encode(errors="surrogatepass"), digest_size=16).hexdigest()


async def resolve(ports: Ports, text: str) -> Resolved:
    """What ``text``, as scanned or typed, is and whose; only reads. Never raises for any text."""
    edition = edition_on(ports.clock.now().astimezone(SHANGHAI).date())
    text = code_in(ports.links, text)
    code = read(text, edition=edition)
    findings = judge(code, edition)
    key = code_key(code.canonical or code.text)
    if (pretender := look_alike(text, edition, _our_host(ports))) is not None:
        return Resolved(code, key, ScanOutcome.LOOK_ALIKE, (pretender.finding, *findings))
    outcome = _unfit(code)
    if outcome is not None:
        return Resolved(code, key, outcome, findings)
    found = await _find(code, key, edition)
    if found.product is None:
        return Resolved(code, key, ScanOutcome.UNKNOWN, (*findings, *found.findings))
    recorded_for = (found.product.enterprise_id, found.product.id)
    certificate = found.certificate or await _certificate_of(found.product)
    if certificate is None and not await _published(found.product.enterprise_id):
        return Resolved(code, key, ScanOutcome.UNKNOWN, findings, recorded_for=recorded_for)
    covered = certificate is not None and found.product.category in certificate.holder.get("categories", ())
    return Resolved(
        code, key, ScanOutcome.KNOWN, findings, found.product, found.item, certificate, covered, recorded_for
    )


def _our_host(ports: Ports) -> tuple[str, ...]:
    """Ours is worth pretending to be too; an address that is a number is not known by its looks."""
    host = urlsplit(ports.links.base).hostname or ""
    return (host,) if "." in host and not host.rpartition(".")[2].isdigit() else ()


def _unfit(code: TraceCode) -> ScanOutcome | None:
    """Why a code is nobody's trace code; None where it may be one."""
    if not code.valid:
        return ScanOutcome.NOT_ALLOWED if code.kind is Kind.LINK else ScanOutcome.MALFORMED
    if not code.on_allowed_list or code.closed:
        return ScanOutcome.NOT_ALLOWED
    return None


@dataclass(frozen=True, slots=True)
class _Found:
    """``certificate``: the product's firm's to show, where it was read already."""

    product: Product | None = None
    item: Item | None = None
    findings: tuple[Finding, ...] = ()
    certificate: Certificate | None = None


_ITEM = Prepared(lambda key: Item.filter(code_key=key).select_related("product__enterprise"))


async def _find(code: TraceCode, key: str, edition: Edition) -> _Found:
    """The product that everybody may know by this code, else the one in whose records the look-up is kept."""
    item = next(iter(await _ITEM(key)), None)
    if item is None:
        return await _claimed(code, edition)
    # Filed where its firm had proved that it gives such codes out, and taken over from whoever had not
    # (workflow.scanning.items): no pattern is asked for once more.
    certificate = await _certificate_of(item.product)
    if certificate is not None or await _published(item.product.enterprise_id):
        return _Found(item.product, item, certificate=certificate)
    found = await _claimed(code, edition)
    if found.findings or (found.product is not None and await _public({found.product.enterprise_id})):
        return found
    return _Found(item.product, item)


async def _claimed(code: TraceCode, edition: Edition) -> _Found:
    """By what firms registered and proved; those of which nothing is public count only where there is no other."""
    possible = set(patterns_of(code, edition))
    hidden: set[int] = set()
    while True:
        named, proved = await _named(code, hidden), await _proved(possible, hidden)
        firms = {product.enterprise_id for product in named} | {row.product.enterprise_id for row in proved}
        if not firms:
            return _Found()
        found = _decided(named, proved)
        alone = not hidden and len(firms) == 1 and max(len(named), len(proved)) < _MOST
        if alone and found.product is not None:
            return found  # whether it is public, the caller asks
        secret = firms - await _public(firms)
        if not secret:
            return found
        hidden |= secret


async def _named(code: TraceCode, hidden: Collection[int]) -> list[Product]:
    """Products registered under the code's GTIN, but for those of ``hidden`` firms."""
    gtin = code.parts.get(GTIN)
    if gtin is None:
        return []
    named = Product.filter(gtin=gtin, retired_at=None).exclude(enterprise_id__in=list(hidden))
    return await named.select_related("enterprise").limit(_MOST)


async def _proved(possible: Collection[tuple[CodePatternKind, str]], hidden: Collection[int]) -> list[CodePattern]:
    """Proved patterns among the ``possible`` ones, but for those of ``hidden`` firms: what the code itself begins with
    before the host of its link (as their kinds are called in the alphabet), the longer before the shorter."""
    if not possible:
        return []
    values: dict[CodePatternKind, list[str]] = {}
    for kind, value in possible:
        values.setdefault(kind, []).append(value)
    fitting = Q(*(Q(kind=kind, value__in=some) for kind, some in values.items()), join_type=Q.OR)
    proved = CodePattern.filter(fitting, proved_at__not_isnull=True, retired_at=None, product__retired_at=None)
    ordered = proved.annotate(length=Length("value")).order_by("kind", "-length", "id")
    theirs = ordered.exclude(product__enterprise_id__in=list(hidden))
    return await theirs.limit(_MOST).select_related("product__enterprise")


def _decided(named: list[Product], proved: list[CodePattern]) -> _Found:
    """Anybody may write a GTIN into a form: a firm that proved a pattern is believed before those that only did that.
    Of its own products, the one with this GTIN is meant; of several, the one that proved the pattern itself."""
    first = proved[0] if proved else None
    longest = [row.product for row in proved if first and (row.kind, len(row.value)) == (first.kind, len(first.value))]
    believed = {product.enterprise_id for product in longest}
    theirs = [product for product in named if product.enterprise_id in believed]
    itself = [product for product in theirs if product in longest]
    return _one_of(itself or theirs or longest or named)


def _one_of(products: Iterable[Product]) -> _Found:
    """The product that a pattern means; one with a GTIN of its own does not need the pattern that it shares."""
    all_ = list({product.id: product for product in products}.values())
    if len({product.enterprise_id for product in all_}) > 1:
        return _several(all_)
    best = all_ if len(all_) == 1 else [product for product in all_ if product.gtin is None]
    return _Found(best[0]) if len(best) == 1 else _several(all_)


def _several(products: Collection[Product]) -> _Found:
    whose = "一家企业的几款产品" if len({product.enterprise_id for product in products}) == 1 else "不止一家企业的产品"
    reason = f"这个码与{whose}的登记相符，不能确定是哪一款：请核对合格证上的产品名称、型号和生产企业（4.3.3）"
    return _Found(findings=(Finding(CLAUSE, Outcome.UNCLEAR, reason),))


async def _certificate_of(product: Product) -> Certificate | None:
    certificate = certificate_to_show(await CERTIFICATES([product.enterprise_id]))
    if certificate is not None:
        certificate.enterprise = product.enterprise
    return certificate


async def _public(firms: Collection[int]) -> set[int]:
    """Those of the firms that everybody may know: a certificate was issued, or a result published."""
    certified = await Certificate.filter(enterprise_id__in=list(firms)).values_list("enterprise_id", flat=True)
    return {firm for firm in firms if firm in certified or await _published(firm)}


async def _published(enterprise_id: int) -> bool:
    return await Publication.filter(application__enterprise_id=enterprise_id).exists()
