"""Every constraint is violated for real: one that stands in the model but not in the database protects nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise import Model
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.migrations.constraints import CheckConstraint

import models
from models import Event, Product
from tests import rows
from tests.conftest import Database

Attempt = Callable[[], Awaitable[Any]]


async def of_one_evidence() -> None:
    evidence = await rows.evidence()
    await twice(rows.picture_fingerprint, evidence_id=evidence.id)


async def twice(make: Callable[..., Awaitable[Any]], **same: Any) -> None:
    await make(**same)
    await make(**same)


CHECKS: dict[str, Attempt] = {
    "enterprise_uscc": lambda: rows.enterprise(uscc="1" * 17),
    "wechat_identity_sheet": lambda: rows.identity(sheet_width_um=100_000),
    "product_sheet": lambda: rows.product(sheet_width_um=0),
    "outbox_kind": lambda: rows.answer(kind="video"),
    "outbox_state": lambda: rows.answer(state="lost"),
    "evidence_source": lambda: rows.evidence(source="fax"),
    "evidence_sha256": lambda: rows.evidence(sha256="0" * 63),
    "evidence_size": lambda: rows.evidence(size=-1),
    "inspection_verdict": lambda: rows.inspection(verdict="maybe"),
    "inspection_sheet": lambda: rows.inspection(sheet_width_um=100_000, sheet_height_um=0),
    "photo_state": lambda: rows.photo(state="lost"),
    "photo_sheet": lambda: rows.photo(sheet_height_um=70_000),
    "picture_fingerprint_fine": lambda: rows.picture_fingerprint(fine=bytes(31)),
    "job_attempts": lambda: rows.job(max_attempts=0),
    "job_one_end": lambda: rows.job(done_at=rows.NOW, dead_at=rows.NOW),
    "job_lease": lambda: rows.job(lease="a"),
}

UNIQUES: dict[str, Attempt] = {
    "enterprise.uscc": lambda: twice(rows.enterprise, uscc="9" * 18),
    "outbox.key": lambda: twice(rows.answer, key="a"),
    "inspection.ref": lambda: twice(rows.inspection, ref="a"),
    "inspection.key": lambda: twice(rows.inspection, key="a"),
    "photo.receipt": lambda: twice(rows.photo, receipt="a"),
    "picture_fingerprint.evidence": of_one_evidence,
    "upload_link.token_hash": lambda: twice(rows.upload_link, token_hash="a"),
    "job.key": lambda: twice(rows.job, key="a"),
}


def all_models() -> list[type[Model]]:
    exported = [getattr(models, name) for name in models.__all__]
    return [thing for thing in exported if issubclass(thing, Model)]


def test_no_constraint_of_the_models_is_left_untried() -> None:
    checks = {
        constraint.name
        for model in all_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }
    uniques = {
        f"{model._meta.db_table}.{name}"
        for model in all_models()
        for name, field in model._meta.fields_map.items()
        if field.unique and not field.pk and field.reference is None  # a relation's column counts with the relation
    }
    assert checks == CHECKS.keys()
    assert uniques == UNIQUES.keys()


@pytest.mark.parametrize("name", CHECKS)
async def test_a_check_refuses(database: Database, name: str) -> None:
    with pytest.raises(IntegrityError, match=rf"{name}\b"):
        await CHECKS[name]()


@pytest.mark.parametrize("column", UNIQUES)
async def test_a_unique_column_refuses_a_second_row(database: Database, column: str) -> None:
    # SQLite names the column, PostgreSQL the constraint: table_column_key.
    with pytest.raises(IntegrityError, match=column.replace(".", "[._]")):
        await UNIQUES[column]()


async def test_an_openid_is_there_once_an_app(database: Database) -> None:
    await rows.identity(app_id="wxone", openid="o")
    await rows.identity(app_id="wxtwo", openid="o")
    with pytest.raises(IntegrityError):
        await rows.identity(app_id="wxone", openid="o")


async def test_a_firm_has_each_model_once_among_those_in_use(database: Database) -> None:
    first = await rows.product(model="YL-1")
    firm = {"enterprise_id": first.enterprise_id}
    await rows.product(model="YL-1")  # another firm
    await rows.product(model="YL-2", **firm)
    with pytest.raises(IntegrityError):
        await rows.product(model="YL-1", **firm)
    await Product.filter(id=first.id).update(retired_at=rows.NOW)
    second = await rows.product(model="YL-1", **firm)
    await Product.filter(id=second.id).update(retired_at=rows.NOW)
    await rows.product(model="YL-1", **firm)
    with pytest.raises(IntegrityError):
        await Product.filter(id=first.id).update(retired_at=None)


async def test_a_row_cannot_refer_to_nothing_nor_lose_what_it_refers_to(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await rows.product(enterprise_id=987_654)
    product = await rows.product()
    with pytest.raises(IntegrityError):
        await (await product.enterprise).delete()


async def test_an_event_can_neither_be_altered_nor_removed(database: Database) -> None:
    event = await rows.event(after={"verdict": "pass"})
    connection = get_connection("default")
    attempts: list[Attempt] = [
        lambda: Event.filter(id=event.id).update(action="photo:forget"),
        lambda: Event.filter(id=event.id).delete(),
        event.delete,
        lambda: connection.execute_query("DELETE FROM event"),
    ]
    if database.dialect == "postgres":
        attempts.append(lambda: connection.execute_script("TRUNCATE event"))
    else:
        attempts.append(
            lambda: connection.execute_query(
                "INSERT OR REPLACE INTO event (id, at, actor, action, subject_kind, subject_id)"
                f" VALUES ({event.id}, '2026-11-24', 'a', 'b', 'c', 1)"
            )
        )
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="append-only"):
            await attempt()
    kept = await Event.get(id=event.id)
    assert (kept.action, kept.after) == ("photo:judge", {"verdict": "pass"})
