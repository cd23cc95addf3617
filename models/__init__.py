"""The tables. No rules live here: ``workflow`` moves states, ``standard`` and ``inspection`` judge."""

from models.answers import Answer, AnswerKind, AnswerState
from models.events import Event
from models.people import Enterprise, Staff, WeChatIdentity
from models.photos import (
    Evidence,
    EvidenceSource,
    Inspection,
    InspectionVerdict,
    Photo,
    PhotoState,
    UploadLink,
)
from models.pictures import PictureFingerprint
from models.products import Product
from models.work import Job

__all__ = [
    "Answer",
    "AnswerKind",
    "AnswerState",
    "Enterprise",
    "Event",
    "Evidence",
    "EvidenceSource",
    "Inspection",
    "InspectionVerdict",
    "Job",
    "Photo",
    "PhotoState",
    "PictureFingerprint",
    "Product",
    "Staff",
    "UploadLink",
    "WeChatIdentity",
]
