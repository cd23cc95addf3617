"""A code that somebody scanned or typed (4.3.3): what it is, and which registered product it belongs to."""

from config.clock import SHANGHAI
from models import Product
from standard.codes import judge, read
from standard.outcome import Finding
from standard.profile import edition_on
from workflow.context import Ports

GTIN = "01"
"""The application identifier under which a trace code carries its GTIN."""


async def scanned(ports: Ports, text: str) -> tuple[tuple[Finding, ...], Product | None]:
    """What clause 3.4 says of the code, and its live product where one of that GTIN is registered."""
    edition = edition_on(ports.clock.now().astimezone(SHANGHAI).date())
    code = read(text, edition=edition)
    findings = tuple(judge(code, edition=edition))
    if not code.valid or GTIN not in code.parts:
        return findings, None
    product = await Product.filter(gtin=code.parts[GTIN], retired_at=None).prefetch_related("enterprise").first()
    return findings, product
