"""Everything the conversation says of itself. What a photo's verdict says stands in ``workflow/intake/wording.py``."""

from collections.abc import Sequence
from typing import Any

from workflow.intake.wording import harmless, link, sheet_size, tap

HELLO = (
    "欢迎使用追溯。\n"
    "发一张产品合格证的照片，几秒内告诉您追溯码印得是否合规：哪里不符、差多少毫米、依据哪一条、怎样改。"
    "整张合格证放进画面，放在深色平整的桌面上正对着拍。\n\n"
    "· 检查合格证：点“拍照检查”，或直接发照片\n"
    "· 买东西查追溯：点“扫码查询”，扫合格证或包装上的码\n"
    "· 采购查供应商：发企业名称\n"
    "· 企业申报评价、取得证书：回复“登录”；持证后每月回复“月度提报”\n"
    "· 全部功能：回复“帮助”"
)
NOTICE = "照片使用说明：照片仅用于印刷合规检查；未经您同意，24 小时内删除。回复“同意”可保留检查记录。"
HELP = (
    f"【查合格证】发照片，可一次多张；{tap('最近')}看报告，{tap('原图')}传原图。"
    "合格证尺寸（毫米）直接发，如 100x70\n"
    f"【扫产品】点“扫码查询”，或发码的照片、输入码；有问题{tap('反映问题')}\n"
    "【查供应商】发企业名称、信用代码或证书编号，再选关注、对比、确认书、采信\n"
    f"【企业】{tap('登录')}在网页上注册、申报、邀请同事；{tap('企业')}看到哪一步；{tap('切换企业')}为另一家办理；"
    "被邀请的发“加入 邀请码”\n"
    f"【每月】{tap('月度提报')}交资料，{tap('全年')}看记录，{tap('提醒')}改提醒\n"
    f"【照片】{tap('同意')}保留检查记录，{tap('删除')}删除我的照片\n"
    "点蓝字或照样回复都行。申诉暂不支持，将陆续开放。"
)
CONSENTED = "已记录您的同意：照片和检查记录会保留，取消关注即解除关联。"
WITHDRAWN = (
    "已撤回同意：您个人发来的照片正在删除，只留下不含照片和文字内容的结论。"
    "以企业身份发来的照片是企业的追溯资料，由企业留存。"
)
ASK_OTHER_SIZE = "请回复合格证的 长x宽（毫米），例如 120x80。"
SIZE_NOT_UNDERSTOOD = "没看懂尺寸。请回复 长x宽（毫米），例如 120x80；每边 10 到 1200 毫米。"
STRANGER_FIRM = (
    "您还没有绑定企业。个人也可以直接发照片检查；绑定后会自动识别产品和合格证尺寸，检查记录归入企业。\n"
    "· 同事已注册：请企业管理员发邀请码，回复“加入 邀请码”\n"
    "· 企业还没有注册：回复“登录”，在网页上提交营业执照完成实名注册"
)
HOW_TO_JOIN = "请回复“加入”和 8 位邀请码，例如：加入 7KQM 3XTA。邀请码由企业管理员在成员列表中生成。"
NO_RECENT = "还没有检查记录。发一张合格证照片就可以开始。"
HUMAN = "人工客服暂不支持。回复“帮助”看可以做什么；照片有疑问时，报告里写明了每一项的依据和改法。"
VOICE = "听不了语音。请发合格证照片，或用文字回复“帮助”。"
VIDEO = "看不了视频。请直接拍合格证的照片发来：四边都在画面里，对焦在二维码上。"
LOCATION = "检查照片不需要位置信息，这条没有使用。请发合格证照片。"
LINK = "打不开转发的链接。请发合格证照片，或点菜单“扫码查询”扫追溯码。"
FILE = "聊天里收不到文件。要检查原图，请回复“原图”领取上传链接（JPEG、PNG）。"
WELCOME_ANY_TIME = "不客气。随时发合格证照片来检查。"
UNKNOWN_TEXT = "没看懂这句话。发合格证照片即可检查；查企业请回复“查 企业名称”；回复“帮助”看全部功能。"
UNKNOWN_MESSAGE = "这种消息（表情、名片等）看不懂。请发合格证照片，或回复“帮助”。"
PHOTO_EXPECTED = "请发合格证照片：整张入画，正对着拍，避开反光。"
NOTHING_TO_JUDGE = "请发合格证照片，我按这个尺寸判。"


def welcome(privacy: str) -> str:
    """What one can do here, with the notice that comes before the first photo (R54)."""
    return f"{HELLO}\n\n{NOTICE}{link(privacy, '个人信息说明')}"


def read_first(privacy: str) -> str:
    """Consent given before the notice was read counts for nothing (R54): here it is."""
    return f"{NOTICE}{link(privacy, '个人信息说明')}\n看过后请再回复一次“同意”。"


def not_yet(publicity: str) -> str:
    """What is not there yet, and where a published result is complained of (8.4)."""
    return (
        "续期和申诉暂不支持，将陆续开放。"
        f"投诉公示中的评价结果：{link(publicity, '打开结果公示')}，选那一家，点“我要投诉”（8.4(3)）。\n"
        f"产品上的码有问题，先扫码，再回复{tap('反映问题')}。申报与证书请回复{tap('企业')}。"
    )


def size_remembered(width: float, height: float) -> str:
    """The size is known from now on, and there is nothing yet to judge by it."""
    return f"已记住合格证 {width:g}×{height:g} 毫米。{NOTHING_TO_JUDGE}"


def size_on_record(width: float, height: float) -> str:
    """A bound person's products carry their own sizes: theirs are not overruled by a word in chat."""
    return (
        f"您已绑定企业，合格证尺寸以登记的产品为准，{width:g}×{height:g} 毫米没有记录。"
        "如需更改，请更新产品资料（暂不支持在聊天中修改）。"
    )


def original(url: str, minutes: int) -> str:
    """The one-time link for an original."""
    return f'<a href="{url}">上传原图</a>\n链接 {minutes} 分钟内有效，用一次即失效。'


def sign_in(url: str, minutes: int) -> str:
    """The one-time link to the pages."""
    return (
        f"{link(url, '点这里打开网页，无需密码')}\n链接 {minutes} 分钟内有效，用一次即失效；"
        "只供您本人使用，请勿转发。在电脑上办理，可复制链接到浏览器打开。"
    )


def join_accounts(url: str, minutes: int) -> str:
    """The one-time link that joins two accounts of one person."""
    return (
        f"请先在网页上用另一个账号登录，再打开：{link(url, '把两个账号合并为同一人')}\n"
        f"链接 {minutes} 分钟内有效，用一次即失效；合并后不能拆分，请勿转发。"
    )


def joined(staff: Any, role: str) -> str:
    """Somebody is in the firm now; what they send is the firm's record (R54)."""
    return (
        f"您已是{harmless(staff.enterprise.name)}的{role}。这个聊天里发来的照片从现在起归入企业的检查记录，由企业留存。\n"
        "回复“企业”查看产品，回复“登录”在网页上办理。"
    )


def speaks_for(enterprise: Any) -> str:
    """The chat speaks for another firm from now on."""
    return f"已切换：这个聊天现在为{harmless(enterprise.name)}办理，照片归入它的检查记录。"


def firms(memberships: Sequence[Any], speaking: int | None) -> str:
    """The firms that a person acts for, by number; the one that the chat speaks for is marked."""
    lines = [
        f"{number}) {harmless(staff.enterprise.name)}{'（当前）' if staff.id == speaking else ''}"
        for number, staff in enumerate(memberships, 1)
    ]
    return "\n".join(["您办理的企业：", *lines, "回复“切换企业 序号”，例如：切换企业 1"])


def firm(enterprise: Any, staff: Any, products: Sequence[Any], standing: Sequence[str]) -> str:
    """The firm, the person's place in it, where its case stands, and its products with their certificate sizes."""
    lines = [
        f"{enterprise.name}\n统一社会信用代码 {enterprise.uscc}",
        f"您：{staff.name}{f'，{staff.title}' if staff.title else ''}",
        "",
        *standing,
        "",
    ]
    if products:
        lines.append("已登记的产品：")
        lines += [f"· {product.name} {product.model}，合格证 {sheet_size(product)} mm" for product in products[:9]]
        if len(products) > 9:
            lines.append(f"…共 {len(products)} 款")
    else:
        lines.append("还没有登记产品。")
    return "\n".join(lines)


def months_owed(headings: Sequence[str]) -> str:
    """The months that have to be filed, and the word that begins."""
    return "\n".join([*headings, f"回复{tap('月度提报')}办理。"])


def certificate_standing(certificate: Any, url: str) -> str:
    """The firm's certificate in one line, with its page."""
    return (
        f"证书：{certificate.grade} 级，{certificate.state_words}，有效期至 {certificate.last_day}"
        f"\n{link(url, certificate.number)}"
    )


def case_standing(named: str, progress: str, step: Any, url: str) -> str:
    """Where what is ``named`` so (``申报``, ``升级复核``) stands: how far its materials are, what is next, its page."""
    told = f"{named}：{progress}\n" if progress else f"{named}："
    return f"{told}{step.words}\n{link(url, f'打开{named}')}"


def may_upgrade(url: str) -> str:
    """The certificate may be raised."""
    return f"要提高等级：{link(url, '申请升级复核')}（8.5(3)，链接用一次即失效）"


def no_case(url: str) -> str:
    """Nothing was applied for yet."""
    return f"还没有申报评价。{link(url, '登录网页申报')}（链接用一次即失效）"
