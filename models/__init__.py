"""The tables. No rules live here: ``workflow`` moves states, ``standard`` and ``inspection`` judge."""

from models.accounts import (
    Door,
    Grant,
    Invitation,
    LinkPurpose,
    OneTimeLink,
    PlatformRole,
    Registration,
    RegistrationState,
    Session,
)
from models.answers import Answer, AnswerKind, AnswerState
from models.applications import (
    OPEN,
    TAKES_FILES,
    Application,
    ApplicationProduct,
    ApplicationState,
    Material,
    MaterialState,
)
from models.desk import Counter, DeskItem, DeskState, IdempotentRequest, InboxEntry
from models.events import Event
from models.firm_names import FirmName
from models.people import Enterprise, Person, Staff, StaffRole, WeChatIdentity
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
from models.products import CodePattern, CodePatternKind, Product
from models.results import (
    Certificate,
    Objection,
    ObjectionEvidence,
    ObjectionState,
    Publication,
    PublicationState,
    Rendering,
    RenderingState,
)
from models.work import Job

__all__ = [
    "OPEN",
    "TAKES_FILES",
    "Answer",
    "AnswerKind",
    "AnswerState",
    "Application",
    "ApplicationProduct",
    "ApplicationState",
    "Certificate",
    "CodePattern",
    "CodePatternKind",
    "Counter",
    "DeskItem",
    "DeskState",
    "Door",
    "Enterprise",
    "Event",
    "Evidence",
    "EvidenceSource",
    "FirmName",
    "Grant",
    "IdempotentRequest",
    "InboxEntry",
    "Inspection",
    "InspectionVerdict",
    "Invitation",
    "Job",
    "LinkPurpose",
    "Material",
    "MaterialState",
    "Objection",
    "ObjectionEvidence",
    "ObjectionState",
    "OneTimeLink",
    "Person",
    "Photo",
    "PhotoState",
    "PictureFingerprint",
    "PlatformRole",
    "Product",
    "Publication",
    "PublicationState",
    "Registration",
    "RegistrationState",
    "Rendering",
    "RenderingState",
    "Session",
    "Staff",
    "StaffRole",
    "UploadLink",
    "WeChatIdentity",
]
