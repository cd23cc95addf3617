"""Graded applications as the chapters from publicity on start from them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from models import (
    Application,
    ApplicationProduct,
    ApplicationState,
    Enterprise,
    Person,
    Staff,
    StaffRole,
)
from models.transactions import transaction
from standard.facts import Channel, Collection, Excused, Facts, Link, PublicQuery
from standard.grades import grade
from standard.outcome import Outcome
from standard.profile import edition_on
from tests import rows
from tests.workflow.world import World
from workflow.access import Asker
from workflow.applying import publicity

EDITION = edition_on(rows.NOW.date())
PASS = Outcome.PASS


def facts_of_a(**given: Any) -> Facts:
    """Facts that carry A."""
    return Facts(
        **{
            "code_selection": PASS,
            "certificate_coded": PASS,
            "certificate_print": PASS,
            "body_coded": PASS,
            "codes_consistent": PASS,
            "coverage": Decimal("0.93"),
            "collection": Collection.SEMI_AUTOMATIC,
            "upload_accuracy": Decimal("0.92"),
            "upload_link": Link.BATCH,
            "public_query": PublicQuery.BASIC,
            "query_channels": frozenset({Channel.SCAN}),
            "trace_info_sound": PASS,
            "marketplace_rate": Excused.NOT_APPLICABLE,
            "marketplace_automatic": Excused.NOT_APPLICABLE,
            "monthly": Excused.NOT_DUE,
            **given,
        }
    )


async def member(firm: Enterprise, role: StaffRole = StaffRole.STAFF) -> Asker:
    """A person of the firm, who follows the account."""
    person = await Person.create(created_at=rows.NOW)
    await Staff.create(enterprise_id=firm.id, person_id=person.id, name="样例人员", role=role, created_at=rows.NOW)
    await rows.identity(person_id=person.id, subscribed=True)
    return Asker(person.id)


async def graded(world: World, facts: Facts | None = None, **firm: Any) -> tuple[Application, Asker]:
    """An application whose grade was just found, of a firm with two categories and one member of staff."""
    result = grade(facts or facts_of_a(), EDITION)
    made = await rows.enterprise(
        **{"uscc": "91330100MA00000012", "name": "样例电缆有限公司", "address": "样例省样例市样例路 1 号", **firm}
    )
    asker = await member(made)
    now = world.clock.now()
    application = await Application.create(
        ref=f"ref-{made.id}",
        enterprise_id=made.id,
        level="A",
        sells_online=False,
        state=ApplicationState.GRADING,
        opened_by_id=asker.person_id,
        opened_at=now - timedelta(days=1),
        submitted_at=now - timedelta(hours=1),
        verified_at=now,
        graded_at=now,
        due_at=now + timedelta(days=1),
        edition=EDITION.stamp,
        facts={},
        result=result.to_json(),
        grade=result.grade,
    )
    for category, model in (("电线电缆", "YL-1"), ("低压电器", "DZ-1")):
        product = await rows.product(enterprise_id=made.id, category=category, model=model)
        await ApplicationProduct.create(application_id=application.id, product_id=product.id)
    return application, asker


async def published(world: World, facts: Facts | None = None, **firm: Any) -> tuple[Application, Asker]:
    """The same, in publicity."""
    application, asker = await graded(world, facts, **firm)
    async with transaction():
        await publicity.publish(world.ports, application)
    return application, asker


async def confirmed(world: World, facts: Facts | None = None, **firm: Any) -> Application:
    """The same, confirmed: its certificate is due."""
    application, _ = await published(world, facts, **firm)
    assert application.due_at is not None
    world.clock.advance(application.due_at - world.clock.now())
    await publicity.confirm(world.ports, application)
    await application.refresh_from_db()
    return application
