"""What happened to a certificate, in a few plain words: the titles of what its firm is told (7.5, 8.1, 9)."""

from collections.abc import Mapping

from standard import life
from standard.validity import State

ISSUED = "证书已发放"

_ALWAYS: Mapping[type[life.Event], str] = {
    life.Issue: ISSUED,
    life.PrintMended: "合格证印刷整改通过",
    life.RenewalStarted: "证书续期评价已启动",
    life.RenewalPassed: "续期达标，已换发新证书",
    life.MendPassed: "续期达标，已换发新证书",
    life.RenewalFailed: "续期未达标，请整改",
    life.TermEnded: "证书已到期失效",
    life.ChangeReported: "证书信息已变更",
    life.OpenCase: "证书已立案，待决定是否撤销",
    life.Revoke: "证书已撤销",
    life.Cancel: "证书已注销",
}


def happened(event: life.Event, before: life.Certificate | None, after: life.Certificate, told: int = 0) -> str:
    """The title of the ``told``-th notice of a step, from 0: ``证书已撤销``, ``证书等级升为 AA``.

    A third bad month is told first as the month it is, then as what it does to the certificate (9.2(2), R8).
    """
    lowered = before is not None and before.grade != after.grade
    match event:
        case life.MissMonth() | life.FailMonth() if after.state is State.REVOKED:
            return _ALWAYS[life.Revoke]
        case life.MissMonth() | life.FailMonth() if told:
            return f"证书等级降为 {after.grade}" if lowered else "证书已暂停，待决定是否撤销"
        case life.MissMonth() | life.FailMonth() | life.ContinueMonth():
            return f"{event.month.number} 月{event.words.removeprefix('月度')}"
        case life.MakeUpMissed():
            return f"{event.month.number} 月逾期未补报，证书已暂停"
        case life.MakeUpPassed():
            return f"{event.month.number} 月补报通过{_restored(before, after)}"
        case life.DismissCase():
            return f"决定不予撤销{_restored(before, after)}"
        case life.Raise():
            return f"证书等级升为 {after.grade}"
        case life.Lower():
            return f"证书等级降为 {after.grade}" if lowered else "合格证印刷须整改"
    return _ALWAYS[type(event)]


def _restored(before: life.Certificate | None, after: life.Certificate) -> str:
    over = before is not None and before.state is State.SUSPENDED and after.state is not State.SUSPENDED
    return "，证书已恢复" if over else ""
