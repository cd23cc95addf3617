"""Who sees what (8.3): one table. Whatever is not in it leaves the platform for nobody.

The standard opens results, certificates and points to everybody (7.4, 7.6, 8.5(2)), gives marketplaces and regulators
what 10.3 and 10.4 name, and keeps all else confidential. ``docs/audiences.md`` is generated from here, and
``tests/miniapp_api/test_audiences.py`` holds every endpoint, and every field that the public is answered, against it.
"""

from collections.abc import Mapping
from enum import StrEnum


class Information(StrEnum):
    """Kinds of what the platform knows."""

    RESULT = "result"
    POINTS = "points"
    STANDING = "standing"
    CONFORMITY = "conformity"
    SUPERVISION = "supervision"
    CODE = "code"
    RECORDS = "records"
    INSIDE = "inside"
    EVIDENCE = "evidence"
    LEDGER = "ledger"
    ADOPTION = "adoption"
    FEEDBACK = "feedback"
    OWN = "own"
    DESK = "desk"
    PLATFORM = "platform"

    @property
    def words(self) -> str:
        """What belongs to it, in Chinese."""
        return _WORDS[self][0]

    @property
    def clause(self) -> str:
        """The clause that opens it, or keeps it closed."""
        return _WORDS[self][1]


_WORDS = {
    Information.RESULT: (
        "企业名称、信用代码、地址、品类、等级、证书状态与期限、月度延续、未决条件、公示与公开记录、证书文件",
        "7.4、7.6、附录 B",
    ),
    Information.POINTS: ("资信分值的累计与当年合计、正面反馈的个数、虚假采信的公示", "8.5(2)、8.5(4)、8.2(2)"),
    Information.STANDING: ("采购、评优、入驻时怎样看这家企业", "10.2、10.3"),
    Information.CONFORMITY: ("合格证赋码印刷与追溯数据上传是否合规", "10.3、10.4"),
    Information.SUPERVISION: ("抽查频次的提示及其依据", "10.4"),
    Information.CODE: ("被查的码属于谁家的什么产品、此码查询过几次", "4.3.3"),
    Information.RECORDS: ("企业的查询记录与单件清单", "8.3、附录 A"),
    Information.INSIDE: ("成员、产品登记、申报与月度提报及其结论、抽样记录、设置", "8.3"),
    Information.EVIDENCE: ("交上来的照片、台账、文件", "8.3"),
    Information.LEDGER: ("资信分值台账的每一笔", "8.5(2)"),
    Information.ADOPTION: ("一份采信记录及其结论", "8.2、8.3"),
    Information.FEEDBACK: ("客户写的反馈", "8.2、8.3"),
    Information.OWN: ("本人的会话、收件箱、注册、关注、确认书、提醒设置；合作方自己的推送地址与记录", "8.3"),
    Information.DESK: ("待办事项及其证据", "8.4、9.5"),
    Information.PLATFORM: ("品类表、接口说明、公钥等与任何企业无关的内容", "4.3.3"),
}


class Audience(StrEnum):
    """Who may ask."""

    PUBLIC = "public"
    PERSON = "person"
    MEMBER = "member"
    OTHER_SIDE = "other_side"
    PARTNER = "partner"
    CUSTOMER = "customer"
    REGULATOR = "regulator"
    OPERATOR = "operator"

    @property
    def words(self) -> str:
        """Who they are, in Chinese."""
        return _WHO[self]


_WHO = {
    Audience.PUBLIC: "所有人，不必登录",
    Audience.PERSON: "登录的个人（只见自己的）",
    Audience.MEMBER: "本企业成员",
    Audience.OTHER_SIDE: "采信记录的另一方",
    Audience.PARTNER: "合作方：网售平台、协会",
    Audience.CUSTOMER: "合作方：客户的招标系统",
    Audience.REGULATOR: "合作方：市场监管部门",
    Audience.OPERATOR: "平台运营人员",
}

_EVERYBODY = frozenset(
    {Information.RESULT, Information.POINTS, Information.STANDING, Information.CODE, Information.PLATFORM}
)
"""The standing follows from the result and the points by the words of 10.2: whoever sees these can tell."""
_PERSON = _EVERYBODY | {Information.OWN}
_PARTNER = _EVERYBODY | {Information.CONFORMITY, Information.OWN}

SEEN: Mapping[Audience, frozenset[Information]] = {
    Audience.PUBLIC: _EVERYBODY,
    Audience.PERSON: _PERSON,
    Audience.MEMBER: _PERSON
    | {
        Information.RECORDS, Information.INSIDE, Information.EVIDENCE, Information.LEDGER, Information.ADOPTION,
        Information.FEEDBACK,
    },
    Audience.OTHER_SIDE: _PERSON | {Information.ADOPTION},
    Audience.PARTNER: _PARTNER,
    Audience.CUSTOMER: _PARTNER | {Information.ADOPTION},
    Audience.REGULATOR: _PARTNER | {Information.SUPERVISION},
    Audience.OPERATOR: _PERSON | {Information.DESK, Information.EVIDENCE, Information.ADOPTION},
}  # fmt: skip
"""What each audience sees. An operator sees what a decision on the desk rests on, and no firm's rooms beyond that."""
