"""What a picture is of, by its words, its shape and its pixels (C(1), C(2))."""

from typing import Any

import pytest

from inspection.subject import Subject, subject_of

PAGE = ("产品追溯查询结果", "产品名称 电线", "规格型号 BV 4", "查询时间", "2026-12-03 09:41:22")
SHEET = ("产品合格证", "规格型号：BV 4", "生产批次：L1", "检验结论：合格 检验员：01")


def report(*text: str, size: tuple[int, int] = (1280, 960), sheet: bool = False, flag: str = "") -> dict[str, Any]:
    return {
        "text": text, "photo_px": size, "px_per_mm": 10.0 if sheet else None, "flags": [{"code": flag}] if flag else [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "subject"),
    [
        (report(*SHEET), Subject.CERTIFICATE),
        (report(*SHEET, "扫码查询追溯信息", "https://id.gs1.org"), Subject.CERTIFICATE),
        (report("产品合 格 证", "BV 4"), Subject.CERTIFICATE),
        (report(*SHEET[1:], sheet=True), Subject.CERTIFICATE),  # its title was not read
        (report(*SHEET[1:]), Subject.BODY),
        (report("规格型号：BV 4", "检验员：01", sheet=True), Subject.BODY),  # one sign of it stands on labels too
        (report(*PAGE), Subject.SCREENSHOT),
        (report("查询结果", "产品名称 电线", size=(720, 1280)), Subject.SCREENSHOT),
        (report("查询结果", "合格证编号 HG1", "产品名称 电线", flag="screenshot"), Subject.SCREENSHOT),
        (report("trace.sample.cn/q/1", "查询次数 3", "产品名称 电线"), Subject.SCREENSHOT),
        (report("追溯平台 数据上传记录", "L1 上传成功", flag="screenshot"), Subject.SCREENSHOT),
        (report("规格型号：BV 4", "生产批次：L1", sheet=True), Subject.BODY),
        (report("规格型号：BV 4", "扫码查询产品追溯信息"), Subject.BODY),
        (report("BV 4", size=(720, 1280)), Subject.BODY),
        (report(*SHEET, flag="screenshot"), Subject.CERTIFICATE),
        (report(), Subject.BODY),
    ],
)  # fmt: skip
def test_subjects(seen: dict[str, Any], subject: Subject) -> None:
    assert subject_of(seen) is subject
