"""``NEEDS``: what must hold before an event is taken, in the order in which it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from standard.life import checks
from standard.life.certificate import Certificate
from standard.life.events import (
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
from standard.outcome import Finding
from standard.profile import Edition

Test = Callable[[Certificate, Any, Edition], str | Finding | None]
"""None where all is well, else the reason in Chinese, or the finding that has it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What must hold before an event is taken; ``words`` for the rendered table."""

    words: str
    clause: str
    rows: tuple[str, ...]
    test: Test


_DUE = Need("是应报月份", "8.1(2)", ("R1",), checks.month_due)
_ONCE = Need("该月尚无结果", "8.1(3)", ("R7",), checks.month_undecided)
_AHEAD = Need("补报期限在后", "8.1(3)", ("R7",), checks.make_up_lies_ahead)
_OWED = Need("该月待补报", "8.1(3)", ("R7",), checks.owes_month)
_GRADE = Need("达到某一等级", "6.1(3)", (), checks.grade_known)
_PRINT = Need("印刷未整改不高于 B 级", "6.1(4)", ("R5",), checks.print_caps)
_NUMBER = Need("新编号", "9.3(2)", ("R19",), checks.new_number)
_UNCASED = Need("无未决的撤销立案", "9.5.1", ("R8", "R21"), checks.no_case)
_MADE_UP = Need("无待补报月份", "6.1(5)", ("R38",), checks.all_made_up)
_FIRST = Need("尚未换证", "9.3(2)", ("R19",), checks.no_successor)
_GROUND = Need("属九种撤销情形", "9.5.1", (), checks.ground_known)
_CASE = Need("已立案", "9.5.1", ("R21",), checks.case_open)
_PERSON = Need("有决定人和理由", "9.5.1", ("R21",), checks.person_and_reason)

NEEDS: Mapping[type[Event], tuple[Need, ...]] = MappingProxyType(
    {
        Issue: (Need("不在禁止申请期内", "9.5.1", ("R21",), checks.not_barred), _GRADE, _PRINT),
        ContinueMonth: (_DUE, _ONCE, Need("在提报期内提报", "8.1(2)", ("R10",), checks.filed_in_window)),
        MissMonth: (_DUE, _ONCE, Need("提报期已过", "8.1(2)", ("R10",), checks.window_closed), _AHEAD),
        FailMonth: (_DUE, _ONCE, Need("提报期已开始", "8.1(2)", ("R10",), checks.window_opened), _AHEAD),
        MakeUpPassed: (_OWED, Need("已经补报", "8.1(3)", ("R7",), checks.filed_by_now)),
        MakeUpMissed: (_OWED, Need("补报期已过", "8.1(3)", ("R7",), checks.make_up_over)),
        Lower: (Need("写明条款", "6.1(4)", ("R5",), checks.clauses_named),),
        PrintMended: (Need("有待整改的印刷条件", "6.1(4)", ("R5",), checks.conditions_open),),
        Raise: (_GRADE, Need("升幅不超过资信分值所许", "8.5(3)", ("R18",), checks.rises), _PRINT, _UNCASED),
        RenewalStarted: (Need("到了启动日", "9.3(1)", ("R13",), checks.renewal_time),),
        RenewalPassed: (
            Need("续期评价进行中", "9.3(1)", ("R19",), checks.renewal_runs),
            _FIRST,
            _GRADE,
            _PRINT,
            _NUMBER,
            _MADE_UP,
            _UNCASED,
        ),
        RenewalFailed: (Need("续期评价已启动", "9.3(1)", ("R19",), checks.renewal_undecided), _FIRST),
        MendPassed: (
            Need("在整改期限内重新申请", "9.3(2)", ("R19",), checks.mends_in_time),
            _FIRST,
            _GRADE,
            _PRINT,
            _NUMBER,
            _MADE_UP,
            _UNCASED,
        ),
        TermEnded: (Need("有效期已过", "9.1", ("R44",), checks.term_over),),
        ChangeReported: (
            Need("属变更事项", "9.4", (), checks.matter_known),
            Need("按时申报，或逾期仍可受理", "9.4", ("R20",), checks.change_in_time),
        ),
        OpenCase: (
            _GROUND,
            Need("由运营方或平台可自见", "9.5.1", ("R21",), checks.case_by),
            Need("未重复立案", "9.5.1", ("R21",), checks.case_new),
            Need("整改期已过", "9.5.1", ("R46",), checks.mending_over),
            Need("次数已满", "9.5.1(4)", ("R46",), checks.often_enough),
        ),
        Revoke: (_GROUND, _CASE, _PERSON),
        DismissCase: (_GROUND, _CASE, _PERSON),
        Cancel: (Need("属四种注销情形", "9.5.2", (), checks.may_cancel),),
    }
)
