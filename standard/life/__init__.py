"""Certificate life as one transition table (7.5, 8.1, 8.5(3), 9.1–9.5; R5, R7, R8, R18–R21, R38, R46).

``TABLE`` says which event leads from which state to which, ``NEEDS`` what an event asks for first; :func:`apply` reads
both. A step is pure: the new certificate, and what is to be done about it as data (:data:`Effect`). An event that does
not fit is answered with a :class:`Finding` that fails, never with an exception.

Days are Shanghai calendar days. Deadlines in working days come with the events (``standard.windows`` counts them).
"""

from standard.life.certificate import Certificate, MonthRecord, Reason, Renewal
from standard.life.effects import (
    CaseOpened,
    ClearPoints,
    Effect,
    Effects,
    ForbidThrough,
    NewCertificate,
    Notify,
    Publish,
    RegisterNote,
    Render,
    Step,
)
from standard.life.events import (
    EVENTS,
    Actor,
    Cancel,
    ChangeReported,
    ContinueMonth,
    DismissCase,
    Event,
    FailMonth,
    Issue,
    Lower,
    MakeUpMissed,
    MakeUpPassed,
    MendPassed,
    MissMonth,
    OpenCase,
    PrintMended,
    Raise,
    RenewalFailed,
    RenewalPassed,
    RenewalStarted,
    Revoke,
    TermEnded,
)
from standard.life.guards import Guard
from standard.life.machine import apply
from standard.life.needs import NEEDS, Need
from standard.life.table import TABLE, Row, table_as_markdown

__all__ = [
    "EVENTS",
    "NEEDS",
    "TABLE",
    "Actor",
    "Cancel",
    "CaseOpened",
    "Certificate",
    "ChangeReported",
    "ClearPoints",
    "ContinueMonth",
    "DismissCase",
    "Effect",
    "Effects",
    "Event",
    "FailMonth",
    "ForbidThrough",
    "Guard",
    "Issue",
    "Lower",
    "MakeUpMissed",
    "MakeUpPassed",
    "MendPassed",
    "MissMonth",
    "MonthRecord",
    "Need",
    "NewCertificate",
    "Notify",
    "OpenCase",
    "PrintMended",
    "Publish",
    "Raise",
    "Reason",
    "RegisterNote",
    "Render",
    "Renewal",
    "RenewalFailed",
    "RenewalPassed",
    "RenewalStarted",
    "Revoke",
    "Row",
    "Step",
    "TermEnded",
    "apply",
    "table_as_markdown",
]
