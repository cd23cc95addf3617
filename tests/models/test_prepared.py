"""Prepared queries answer as the ORM's own do, for every argument, on both databases and within transactions."""

from contextlib import suppress

import pytest

from models import Certificate, CodeReport, Enterprise, Product
from models.prepared import Prepared
from models.transactions import transaction
from tests import rows
from tests.conftest import Database

BY_CODE = Prepared(lambda uscc: Enterprise.filter(uscc=uscc))
OF_FIRMS = Prepared(
    lambda firms, states: Certificate.filter(enterprise_id__in=firms, state__in=states).order_by("-serial").limit(2)
)
WITH_FIRM = Prepared(lambda number: Product.filter(id=number).select_related("enterprise"))
WITH_ALL = Prepared(
    lambda reports: CodeReport.filter(id__in=reports).order_by("id").select_related("product__enterprise", "person")
)


async def test_each_argument_has_its_own_answer(database: Database) -> None:
    one, other = await rows.enterprise(), await rows.enterprise()
    assert [firm.id for firm in await BY_CODE(one.uscc)] == [one.id]
    assert [firm.name for firm in await BY_CODE(other.uscc)] == [other.name]
    assert await BY_CODE("'; --") == []


async def test_sequences_of_none_one_and_several(database: Database) -> None:
    made = [await rows.certificate() for _ in range(3)]
    firms = [one.enterprise_id for one in made]
    states = [made[0].state]
    for asked in ([], firms[:1], firms[1:2], firms, firms[1:]):
        wanted = Certificate.filter(enterprise_id__in=asked, state__in=states).order_by("-serial").limit(2)
        assert await OF_FIRMS(asked, states) == await wanted
    assert await OF_FIRMS(firms[:1], []) == []
    assert await OF_FIRMS(firms[:1], ["revoked"]) == []


async def test_related_rows_come_along(database: Database) -> None:
    for made in (await rows.product(), await rows.product()):
        (found,) = await WITH_FIRM(made.id)
        assert (found.id, found.enterprise.id) == (made.id, made.enterprise_id)
        assert found.created_at == made.created_at


async def test_related_rows_of_related_rows_and_those_that_are_not_there(database: Database) -> None:
    firm = await rows.enterprise()
    product, person = await rows.product(enterprise_id=firm.id), await rows.person()
    made = [await rows.code_report(product=product), await rows.code_report(person=person), await rows.code_report()]
    found = await WITH_ALL([one.id for one in made])
    assert [one.id for one in found] == [one.id for one in made]
    assert [one.product and one.product.enterprise.uscc for one in found] == [firm.uscc, None, None]
    assert [one.person and one.person.id for one in found] == [None, person.id, None]


async def test_a_transaction_sees_its_own_rows(database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with transaction():
            made = await rows.enterprise()
            assert [firm.id for firm in await BY_CODE(made.uscc)] == [made.id]
            raise ZeroDivisionError
    assert await BY_CODE(made.uscc) == []


async def test_a_query_that_changes_its_argument_is_refused(database: Database) -> None:
    with pytest.raises(AssertionError, match="cannot be prepared"):
        await Prepared(lambda uscc: Enterprise.filter(uscc=f"{uscc}X"))("91")
