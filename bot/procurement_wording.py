"""What the chat says to whoever buys: finding suppliers, watching, comparing, confirmations, adoptions (8.5, 10.2(2)).

A single firm's card is worded in ``workflow/relying/grade_card_wording``.
"""

from collections.abc import Sequence
from typing import Any

from workflow.intake.wording import harmless, link, tap
from workflow.relying.grade_card_wording import (
    ADOPT,
    COMPARE,
    CONFIRM,
    MOST_COMPARED,
    UNWATCH,
    WATCH,
    line_words,
    short_name,
)
from workflow.relying.grade_cards import GradeCard

MOST_LISTED = 9
CANCEL, DONE, DIRECT, DIRECT_SURE = "取消", "完成", "直接备案", "确认备案"
MY_WATCHES, CLEAR_COMPARE = "我的关注", "清空对比"
TENDER_DOCUMENT, AWARD_NOTICE = "招标文件", "中标通知书"
ROLE_CHOICES = (("tenderer", "招标人"), ("buyer", "采购人"), ("agency", "招标代理"))
"""What the customer is in the tender, in the order of their numbers."""

HOW_TO = (
    "查供应商：发企业名称（片段、拼音都可以）、18 位统一社会信用代码或证书编号；"
    "也可以扫证书上的二维码，或发证书的照片。\n"
    f"看到等级卡后，回复：“{WATCH}”状态变化时告诉您；“{COMPARE}”最多 {MOST_COMPARED} 家；"
    f"“{CONFIRM}”出具签名 PDF，放入招标文件；“{ADOPT}”登记招标采信，企业得分（8.5）。\n"
    f"名称和别的指令相同时，回复“查 企业名称”。“{MY_WATCHES}”看关注的企业。"
)
SEARCH_FIRST = "请先发企业名称、统一社会信用代码或证书编号，看到等级卡后再回复“{}”。"
TOO_OFTEN = "查得太频繁，请过一分钟再试；也可以在网页上查询。"
NO_WATCHES = f"您还没有关注企业。发企业名称，看到等级卡后回复“{WATCH}”，证书状态变化时告诉您。"
COMPARE_CLEARED = "对比已清空。"
CANCELLED = "好的，没有登记。"
PAPERS_DONE = "好的。核验结果发在这里；缺什么、下一步做什么，也会说明。"
NO_CERTIFICATE = "这家企业现在没有有效的评价证书，没有可供采信的评价结果（8.5(1)）。"
OWN_SUPPLIER = "您是这家企业的成员，不能代表它的客户登记：请在企业页面以本企业名义登记（8.2(1)）。"
NUMBER_EXPECTED = "没看出编号。请回复招标（采购）编号，与招标文件上的一致，例如 ZB-2026-001。"
CUSTOMER_EXPECTED = "没看出信用代码。请回复采购单位的全称和 18 位统一社会信用代码，中间空一格。"


def nothing_found(text: str, page: str) -> str:
    """No firm of whom something is public."""
    return (
        f"没有查到“{harmless(text[:40])}”：请只发名称里最特别的两三个字、拼音，或 18 位统一社会信用代码。"
        f"{link(page, '在网页上查')}\n没有参加评价的企业查不到；查不到不说明企业或产品有问题（7.6、8.3）。"
    )


def listed(hits: Sequence[Any], page: str, *, more: bool, by_number: bool) -> str:
    """Several firms; ``more``: there are others, ``by_number``: a number chooses one of them."""
    lines = [f"{number}) {_hit(hit)}" for number, hit in enumerate(hits, 1)]
    narrower = f"还有更多：请多发几个字，或{link(page, '在网页上看全部')}。" if more else ""
    how = "回复数字选一家" if by_number else "请发全称或统一社会信用代码"
    return "\n".join([f"找到几家，{how}：", *lines, *([narrower] if narrower else [])])


def watching(card: GradeCard, *, already: bool) -> str:
    """The firm is watched from now on."""
    begun = "已经在关注" if already else "已关注"
    return (
        f"{begun}“{short_name(card)}”：证书状态、等级有变化时发到这里。"
        f"回复{tap(MY_WATCHES)}看全部，{tap(UNWATCH)}停止。"
    )


def unwatched(card: GradeCard, *, was: bool) -> str:
    """The firm is not watched any more."""
    return f"已取消关注“{short_name(card)}”。" if was else f"您没有关注“{short_name(card)}”。"


def watches(cards: Sequence[GradeCard], page: str) -> str:
    """What is watched, with the states of this moment."""
    lines = [f"{number}) {line_words(card)}" for number, card in enumerate(cards[:MOST_LISTED], 1)]
    more = f"共 {len(cards)} 家，{link(page, '全部')}。" if len(cards) > MOST_LISTED else ""
    return "\n".join([link(page, f"您关注的 {len(cards)} 家企业"), *lines, f"{more}回复数字看等级卡。"])


def compare_more(card: GradeCard) -> str:
    """One firm is there to be compared: another one is wanted."""
    return (
        f"“{short_name(card)}”已放入对比。再查一家企业，看到等级卡后回复“{COMPARE}”，最多 {MOST_COMPARED} 家。"
        f"也可以一次发：{COMPARE} 企业一、企业二"
    )


def compare_tail() -> str:
    """What one may do with a comparison."""
    return f"再查一家并回复“{COMPARE}”可加入；回复{tap(CLEAR_COMPARE)}重新开始。"


def not_compared(texts: Sequence[str]) -> str:
    """Names that do not mean one firm."""
    return f"没认准：{'、'.join(harmless(text[:30]) for text in texts)}。请发全称或统一社会信用代码。"


def too_many_compared() -> str:
    """The comparison is full."""
    return f"最多对比 {MOST_COMPARED} 家：请回复{tap(CLEAR_COMPARE)}后重新选择。"


def confirmation(supplier: str, as_of: str, url: str, minutes: int) -> str:
    """A confirmation is on record and being signed."""
    return (
        f"{link(url, '打开确认书，下载 PDF')}\n{harmless(supplier)}，{as_of}。正在签署，通常几秒，好了会告诉您。"
        f"链接 {minutes} 分钟内有效，用一次即失效（7.6、8.5(1)）。"
    )


def ask_customer() -> str:
    """Before the first step: for which firm they buy."""
    return (
        "您代表哪家采购单位？请回复单位全称和 18 位统一社会信用代码，中间空一格。\n"
        f"采购单位在平台实名一次以后，就不再问。不登记了，回复{tap(CANCEL)}。"
    )


def ask_number(supplier: str, customer: str) -> str:
    """The first step."""
    return (
        f"登记采信：“{harmless(customer)}”在招标中采信“{harmless(supplier)}”的评价结果（8.5(1)）。\n"
        f"第 1 步，共 3 步：请回复招标（采购）编号，与招标文件上的一致。不登记了，回复{tap(CANCEL)}。"
    )


def ask_role(number: str) -> str:
    """The second step."""
    roles = "\n".join(f"{place}) {name}" for place, (_, name) in enumerate(ROLE_CHOICES, 1))
    return f"编号 {harmless(number)}。\n第 2 步：您的单位在这次招标中是？回复数字：\n{roles}"


def ask_papers(url: str) -> str:
    """The third step: how 8.5(1) is met."""
    return (
        "第 3 步：选一种依据（8.5(1)）：\n"
        f"· 直接发{AWARD_NOTICE}的照片，接着发招标文件中写有采信要求的几页\n"
        f"· PDF 文件{link(url, '在网页上传')}\n"
        f"· 招标采用的是从平台获取的评价结果，回复{tap(DIRECT)}"
    )


def ask_sure(supplier: str, customer: str, number: str) -> str:
    """The second way of 8.5(1) is a statement of the customer's: it is made knowingly."""
    return (
        f"请确认：“{harmless(customer)}”从平台获取了“{harmless(supplier)}”的评价结果，"
        f"作为招标编号 {harmless(number)} 的采信依据，并在平台备案（8.5(1)）。\n"
        "平台同时出具一份确认书存档。经查实提交虚假记录的，扣分、取消一年加分资格并公示（8.5(4)）。\n"
        f"属实请回复{tap(DIRECT_SURE)}；不登记了，回复{tap(CANCEL)}。"
    )


def filed(page: str, number: str, supplier: str, register: str | None) -> str:
    """The record is kept; ``register`` leads to where the customer is verified, None where it is."""
    lines = [link(page, "已登记采信记录，点这里看进度"), f"招标编号 {harmless(number)}，供应商 {harmless(supplier)}。"]
    if register is None:
        lines.append("核验通过后，企业计 1 分（8.5(2)）；结果会发到这里。")
    else:
        lines.append(
            f"采购单位还没有在平台实名，记录先计 0 分：请{link(register, '登记采购单位')}（企业类型选“采购单位”），"
            "或请本单位管理员邀请您加入；完成后自动继续核验（8.2(2)、7.1(1)）。"
        )
    return "\n".join(lines)


def paper_received(name: str) -> str:
    """A photo came, and what else may come."""
    other = TENDER_DOCUMENT if name == AWARD_NOTICE else AWARD_NOTICE
    return (
        f"收到一张{name}，正在存入记录。还有{name}就接着发；发{other}请先回复{tap(other)}；都发完了，回复{tap(DONE)}。"
    )


def papers_as_files(url: str) -> str:
    """A file was sent, which the chat does not pass on."""
    return f"聊天里收不到文件：请{link(url, '在网页上传 PDF')}（8.5(1)），或直接发每一页的照片。"


def papers_of(name: str) -> str:
    """What the photos are of from now on."""
    return f"好的，接下来发的照片归入{name}。都发完了，回复{tap(DONE)}。"


def _hit(hit: Any) -> str:
    name = harmless(hit.name)[:40]
    if hit.certificate is None:
        return f"{name}（暂无证书）"
    return f"{name}（{hit.certificate.grade} 级，{hit.certificate.state_words}）"
