"""A grade card in the words of the chat: one text for a name that was typed, a code scanned, a certificate's photo."""

from collections.abc import Sequence

from config.clock import for_people
from standard.reliance import Tender
from standard.validity import State
from workflow.intake.wording import NAME_LENGTH, harmless, link, tap
from workflow.links import Links
from workflow.relying.grade_cards import GradeCard

WATCH, UNWATCH, COMPARE, CONFIRM, ADOPT = "关注", "取消关注", "对比", "确认书", "采信"
"""The words that go on from a card."""
TENDER_WORDS = {Tender.BELOW_ENTRY: "未达入围条件", Tender.ENTRY: "达到入围条件", Tender.PREFERRED: "优先考虑"}
"""10.2(2) in a few characters."""
MOST_COMPARED = 5


def card_words(links: Links, card: GradeCard, *, watched: bool = False) -> str:
    """The card as one text of the chat: the link to its live page first, at last what one may reply."""
    return "\n".join(
        [
            link(links.page(card.path), f"{short_name(card)}：{grade_words(card)}"),
            *(["样例企业：数据是虚构的，不能作为任何依据。"] if card.is_sample else []),
            f"统一社会信用代码 {card.uscc}",
            *_of_certificate(card),
            f"资信分值：累计 {card.points} 分，{card.year} 年 {card.year_points} 分（8.5(2)）",
            f"招标采购：{card.tender.reason}",
            f"截至 {for_people(card.as_of)}。{card.disclaimer}",
            _next_steps(card, watched=watched),
        ]
    )


def compare_words(links: Links, cards: Sequence[GradeCard]) -> str:
    """Up to :data:`MOST_COMPARED` cards side by side, in the order given."""
    lines = [
        link(links.page(compare_path(cards)), f"对比 {len(cards)} 家（点开看表格）"),
        *(f"{number}) {_compared(card)}" for number, card in enumerate(cards, 1)),
        f"截至 {for_people(cards[0].as_of)}（7.6、10.2(2)）。{cards[0].disclaimer}",
    ]
    return "\n".join(lines)


def compare_path(cards: Sequence[GradeCard]) -> str:
    """The page of the same comparison. One parameter: an ampersand may not survive a chat message's link."""
    return f"/compare?f={','.join(card.uscc for card in cards)}"


def grade_words(card: GradeCard) -> str:
    """``A 级（良好级），证书正常``; of what no certificate stands behind, that it is so."""
    if card.grade is None:
        return "没有达到等级"
    grade = f"{card.grade} 级（{card.grade_name}）"
    if card.state is State.NONE:
        return f"评价结果 {grade}，未发证"
    return f"{grade}，证书{card.state_words}" if card.alive else f"证书已{card.state_words}（原为 {grade}）"


def line_words(card: GradeCard) -> str:
    """A card in a list."""
    until = f"，有效期至 {card.last_day}" if card.alive else ""
    return f"{short_name(card)}：{grade_words(card)}{until}"


def short_name(card: GradeCard) -> str:
    """The firm's name, shortened where it is very long."""
    name = harmless(card.name)
    return name if len(name) <= 2 * NAME_LENGTH else f"{name[: 2 * NAME_LENGTH]}…"


def _of_certificate(card: GradeCard) -> list[str]:
    if not card.number:
        return []
    assert card.continued_through is not None
    lines = [f"证书 {card.number}，有效期 {card.issued_on} 至 {card.last_day}"]
    if card.alive:
        months = f"，本期 {card.months} 个月核验合格" if card.months else ""
        lines.append(f"延续至 {card.continued_through.words}{months}（9.2(1)）")
    if card.conditions:
        lines.append(f"合格证印刷整改中：附录 D 第 {'、'.join(card.conditions)} 条（6.1(4)）")
    return lines


def _next_steps(card: GradeCard, *, watched: bool) -> str:
    steps = [f"{tap(UNWATCH)}不再告诉您" if watched else f"{tap(WATCH)}状态变化时告诉您", f"{tap(COMPARE)}与别家并排看"]
    if card.number:
        steps.append(f"{tap(CONFIRM)}出具签名 PDF")
    if card.alive:
        steps.append(f"{tap(ADOPT)}登记招标采信")
    return "\n".join(["可以回复：", *(f"· {step}" for step in steps)])


def _compared(card: GradeCard) -> str:
    until = f"至 {card.last_day}" if card.alive else "—"
    grade = "未达标" if card.grade is None else f"{card.grade} 级"
    return (
        f"{short_name(card)}\n{grade}｜{card.state_words}｜{until}｜延续 {card.months} 个月｜"
        f"{card.points} 分（{card.year} 年 {card.year_points} 分）｜{TENDER_WORDS[card.tender.tender]}"
    )
