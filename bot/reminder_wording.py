"""What the chat says of reminders: what holds, and how to change it by a tap or a word."""

from workflow.intake.wording import link, tap
from workflow.telling.reminder_calendar import FIRST_HOUR, LAST_HOUR, Occasion
from workflow.telling.reminder_choices import Choice

DAYS = {
    Occasion.OPENS: "开放当天",
    Occasion.T7: "前7天",
    Occasion.T3: "前3天",
    Occasion.T1: "前1天",
    Occasion.LAST: "最后一天",
}
"""Days that one may choose, as they are typed."""
ALL = "全部"


def settings(choice: Choice) -> str:
    """What holds now; each line of change shows the words that bring it about."""
    if not choice.on:
        return f"{choice.words}\n恢复请回复{tap('开启提醒')}。"
    return "\n".join(
        [
            choice.words,
            f"改时间：{tap('提醒 9点')}、{tap('提醒 12点')}、{tap('提醒 18点')}（{FIRST_HOUR}–{LAST_HOUR} 点都行）",
            f"改日子：{tap('提醒 前3天 最后一天')}、{tap(f'提醒 {ALL}')}",
            f"加到手机日历：{tap('日历')}　不想收：{tap('不提醒')}",
        ]
    )


def on(choice: Choice, url: str | None) -> str:
    """Reminders are on; what WeChat wants for them to arrive, on the page at ``url``, where it wants anything."""
    if url is None:
        return f"好的。{choice.words}\n改时间回复{tap('提醒')}。"
    return (
        f"好的。{choice.words}\n{link(url, '允许接收提醒')}\n"
        f"微信规定：两天没在这里说过话，要您先允许一次，提醒才送得到。改时间回复{tap('提醒')}。"
    )


def calendar(url: str) -> str:
    """Where the phone's calendar looks the deadlines up."""
    return (
        f"{link(url, '提报截止日日历')}\n{url}\n"
        "在手机日历里“添加订阅日历”，粘贴这个地址。地址只供您本人；重新领取后旧地址失效。"
    )
