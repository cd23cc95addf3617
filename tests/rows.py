"""Rows as the tests need them: valid unless told otherwise, made with all they refer to."""

import secrets
from datetime import UTC, datetime
from typing import Any

from models import (
    Answer,
    Enterprise,
    Event,
    Evidence,
    Inspection,
    Job,
    Photo,
    PictureFingerprint,
    Product,
    UploadLink,
    WeChatIdentity,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


async def enterprise(**given: Any) -> Enterprise:
    return await Enterprise.create(
        **{"uscc": secrets.token_hex(9), "name": "样例电器", "is_sample": True, "created_at": NOW, **given}
    )


async def identity(**given: Any) -> WeChatIdentity:
    return await WeChatIdentity.create(
        **{"app_id": "wxsample", "openid": secrets.token_hex(8), "created_at": NOW, "last_seen_at": NOW, **given}
    )


async def product(**given: Any) -> Product:
    if "enterprise_id" not in given:
        given["enterprise_id"] = (await enterprise()).id
    defaults = {
        "category": "电线电缆",
        "name": "样例电缆",
        "model": "YL-1",
        "code_issuer": "样例发码机构",
        "sheet_width_um": 100_000,
        "sheet_height_um": 70_000,
        "created_at": NOW,
    }
    return await Product.create(**{**defaults, **given})


async def answer(**given: Any) -> Answer:
    if "identity_id" not in given:
        given["identity_id"] = (await identity()).id
    return await Answer.create(**{"key": secrets.token_hex(8), "kind": "text", "created_at": NOW, **given})


async def evidence(**given: Any) -> Evidence:
    defaults = {
        "sha256": "0" * 64,
        "size": 1,
        "media_type": "image/jpeg",
        "storage_key": "evidence/00/0.jpg",
        "source": "chat",
        "received_at": NOW,
    }
    return await Evidence.create(**{**defaults, **given})


async def inspection(**given: Any) -> Inspection:
    if "evidence_id" not in given:
        given["evidence_id"] = (await evidence()).id
    defaults = {
        "ref": secrets.token_urlsafe(9),
        "key": secrets.token_hex(8),
        "profile": "T/ZGJDJX—3—2026",
        "engine": "test",
        "verdict": "pass",
        "report": {},
        "created_at": NOW,
    }
    return await Inspection.create(**{**defaults, **given})


async def photo(**given: Any) -> Photo:
    return await Photo.create(**{"receipt": secrets.token_hex(8), "received_at": NOW, **given})


async def picture_fingerprint(**given: Any) -> PictureFingerprint:
    if "evidence_id" not in given:
        given["evidence_id"] = (await evidence()).id
    return await PictureFingerprint.create(**{"key": 0, "fine": bytes(32), **given})


async def upload_link(**given: Any) -> UploadLink:
    if "identity_id" not in given:
        given["identity_id"] = (await identity()).id
    return await UploadLink.create(**{"token_hash": secrets.token_hex(32), "expires_at": NOW, **given})


async def event(**given: Any) -> Event:
    return await Event.create(
        **{"at": NOW, "actor": "system", "action": "photo:judge", "subject_kind": "photo", "subject_id": 1, **given}
    )


async def job(**given: Any) -> Job:
    return await Job.create(
        **{"kind": "test", "key": secrets.token_hex(8), "due_at": NOW, "max_attempts": 5, "created_at": NOW, **given}
    )
