"""What the chat says around the report of a code; of the code itself ``workflow/scanning/scan_wording`` speaks."""

from collections.abc import Iterable

from workflow.intake.wording import link, tap

CANCEL = "取消"
NOTHING_SCANNED = "请先点菜单“扫码查询”扫有问题的码，或发来码的照片，再回复“反映问题”。"
CANCELLED = "好的，没有提交。"
TOO_OFTEN = "反映得太频繁，请过一小时再试；情况紧急请拨打 12315。"


def ask_kind(code: str, kinds: Iterable[str]) -> str:
    """Which of the kinds of problem it is."""
    lines = [f"{number}) {kind}" for number, kind in enumerate(kinds, 1)]
    return "\n".join([f"反映的码：{code}", "是什么问题？回复数字：", *lines, f"不反映了，回复{tap(CANCEL)}。"])


def ask_words(longest: int, form: str | None) -> str:
    """What was seen, in the person's own words; with a photo on the page."""
    photo = f"要附照片，请{link(form, '在网页上填写')}。" if form is not None else ""
    return (
        f"请用一段话写清看到了什么：在哪里买的、哪里对不上（{longest} 字以内，不要写身份证号、手机号）。{photo}"
        f"不反映了，回复{tap(CANCEL)}。"
    )


def reported(page: str, days: int) -> str:
    """It is kept, and when it is answered."""
    return (
        f"{link(page, '已收到您反映的问题，点这里看处理进度')}\n"
        f"平台 {days} 个工作日内答复并处理，答复会发到这里（8.4(3)）。"
        "怀疑假冒或有质量问题，也可以直接拨打 12315。"
    )
