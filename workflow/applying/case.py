"""An application with all that its verification and its grade look at, read at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models import Application, Certificate, Enterprise, Material, MaterialState, Product
from standard.calendar import shanghai_day
from standard.credit import Ledger
from standard.months import MonthState
from standard.profile import Edition
from workflow.applying.slots import edition_of, products_of_application, standing_materials
from workflow.applying.trace_codes import PRINTS
from workflow.certifying.certificate_months import states_ever
from workflow.certifying.credit_ledger import ledger_of
from workflow.context import Ports


@dataclass
class Case:
    """The application, its firm and products, the materials that stand; ``today`` is the Shanghai day of now."""

    application: Application
    firm: Enterprise
    products: list[Product]
    materials: list[Material]
    edition: Edition
    today: date
    ledger: Ledger = ()
    """The firm's credit, as it stands (8.5)."""
    months: Sequence[MonthState] | None = None
    """Of an upgrade review: how the months of its certificate came out so far, the earliest first (R2)."""

    @property
    def first_day(self) -> date:
        """The Shanghai day of its first submission, from which its periods are counted."""
        return shanghai_day(self.application.submitted_at) if self.application.submitted_at else self.today

    def of(self, kind: str, product: Product | None = None) -> list[Material]:
        """The materials of a kind, of one product where one is given."""
        return [one for one in self.materials if one.kind == kind and (product is None or one.product_id == product.id)]

    def passed(self, kind: str, product: Product | None = None) -> list[Material]:
        """Those of them that passed."""
        return [one for one in self.of(kind, product) if one.state == MaterialState.PASSED]

    def prints(self, product: Product | None = None) -> list[Material]:
        """Photos of certificates that were inspected, the plain ones first."""
        return [one for kind in PRINTS for one in self.of(kind, product) if one.inspection is not None]

    def bodies(self, product: Product, place: str) -> list[Material]:
        """Photos of this place (``body``, ``package``) that were judged."""
        return [
            one
            for kind in ("body_photo", "full_chain_photos")
            for one in self.of(kind, product)
            if one.declared.get("place") == place and one.report
        ]


async def case_of(ports: Ports, application: Application) -> Case:
    """The case as it stands now."""
    now = ports.clock.now()
    return Case(
        application,
        await Enterprise.get(id=application.enterprise_id),
        await products_of_application(application),
        await standing_materials(application),
        edition_of(application, now),
        shanghai_day(now),
        await ledger_of(application.enterprise_id),
        await _months(application),
    )


async def _months(application: Application) -> Sequence[MonthState] | None:
    if application.upgrades_id is None:
        return None
    return await states_ever(await Certificate.get(id=application.upgrades_id))
