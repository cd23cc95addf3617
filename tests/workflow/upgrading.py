"""Firms that ask for their certificate to be raised, and what a review's materials are taken to show."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import Application, ApplicationState, Certificate, Product, Publication
from models.transactions import transaction
from standard.facts import Collection, Facts, Link, PublicQuery
from tests import rows
from tests.workflow.graded import EDITION, PASS, facts_of_a
from tests.workflow.living import Living, living
from tests.workflow.world import World
from workflow.access import Asker
from workflow.applying import applications, grading, publicity, verification


def facts_of_aa(**given: Any) -> Facts:
    """Facts that carry AA."""
    return facts_of_a(
        **{
            "package_coded": PASS,
            "coverage": Decimal("0.96"),
            "collection": Collection.MES,
            "upload_accuracy": Decimal("0.96"),
            "upload_link": Link.REALTIME,
            "public_query": PublicQuery.FULL,
            "supplier_share": Decimal("0.40"),
            "upstream_trace": PASS,
            "info_update": Link.REALTIME,
            **given,
        }
    )


@dataclass
class Upgrading:
    """A firm with a living certificate and one product of its category."""

    world: World
    one: Living
    product: Product

    @property
    def asker(self) -> Asker:
        return self.one.asker

    async def open(self, level: str = "A", **given: Any) -> Application:
        """A review's draft."""
        wanted = {"sells_online": False, "upgrade": True, **given}
        return await applications.open_application(
            self.world.ports, self.asker, self.one.firm.id, level, [self.product.id], **wanted
        )

    async def certificate(self) -> Certificate:
        return await Certificate.get(id=self.one.certificate.id)

    async def grade(self, patch: pytest.MonkeyPatch, application: Application, facts: Facts) -> Application:
        """Have the review graded as though its materials showed these facts."""
        patch.setattr(grading, "facts_of", lambda _case, *, first: (facts, {}))
        now = self.world.clock.now()
        await Application.filter(id=application.id).update(
            state=ApplicationState.GRADING, round=1, submitted_at=now, verified_at=now, edition=EDITION.stamp,
            due_at=now + timedelta(days=1),
        )  # fmt: skip
        async with transaction():
            await self.world.ports.queue.enqueue(
                verification.GRADE, f"grade:{application.id}", {"application": application.id}, due=now
            )
        await self.world.work()
        return await Application.get(id=application.id)

    async def published(
        self, patch: pytest.MonkeyPatch, facts: Facts, level: str = "A", **given: Any
    ) -> tuple[Application, Publication]:
        """A review whose result is public."""
        application = await self.grade(patch, await self.open(level, **given), facts)
        return application, await Publication.get(application_id=application.id)

    async def confirm(self, application: Application) -> None:
        """Let the publicity end; the raise is due then."""
        assert application.due_at is not None
        self.world.clock.advance(application.due_at - self.world.clock.now())
        await publicity.confirm(self.world.ports, application)

    async def points(self, number: int, year: int = 2026) -> None:
        """So many points of a year, one by one."""
        for _ in range(number):
            await rows.credit_entry(enterprise_id=self.one.firm.id, year=year)


async def upgrading(world: World, *, grade: str = "B", points: int = 0, **firm: Any) -> Upgrading:
    """A verified firm with a certificate of that grade, issued today."""
    one = await living(grade=grade, **{"verified_at": rows.NOW, **firm})
    made = Upgrading(world, one, await rows.product(enterprise_id=one.firm.id))
    await made.points(points)
    return made
