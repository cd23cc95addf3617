"""The invented firm's papers as files, and a note on what to type where, for whoever walks the road by hand."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from app.demo.materials import DemoMaterial, demo_form, demo_products, licence
from standard.handing_in import handing
from standard.profile import Edition, edition_on

NOTE = "怎样填.txt"
LICENCE = "00-营业执照.png"
FIELDS = {
    "uscc": "统一社会信用代码", "name": "企业名称", "address": "生产地址", "legal_representative": "法定代表人",
    "applicant_name": "您的姓名", "title": "您的职务",
}  # fmt: skip


def write_papers(folder: Path, materials: Sequence[DemoMaterial], today: date) -> None:
    """Write the licence, every material under a name that sorts as they are asked, and the note."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LICENCE).write_bytes(licence())
    for number, material in enumerate(materials, 1):
        (folder / _name(number, material)).write_bytes(material.data)
    (folder / NOTE).write_text("\n".join(_note(materials, edition_on(today))), encoding="utf-8")


def _name(number: int, material: DemoMaterial) -> str:
    return f"{number:02d}-{'码印得太小-' if material.first_try else ''}{material.file_name}"


def _note(materials: Sequence[DemoMaterial], edition: Edition) -> Iterator[str]:
    form = demo_form()
    yield "一、实名注册企业"
    yield from (f"  {label}：{form[name]}" for name, label in FIELDS.items())
    yield f"  营业执照：{LICENCE}"
    yield "二、登记产品"
    for product in demo_products():
        width, height = product["sheet_mm"]
        yield f"  {product['name']} {product['model']}：品类 {product['category']}；合格证 {width:g}×{height:g} mm；"
        yield (
            f"    CCC 证书编号 {product['qualification_number']}；发码机构 {product['code_issuer']}；"
            f"商品条码 {product['gtin']}"
        )
    yield "三、申报 A 级，网上销售选“是”，逐项上传；合格证照片也可以在聊天里发"
    refused = {(one.kind, one.product_index) for one in materials if one.first_try}
    for number, material in enumerate(materials, 1):
        index = material.product_index
        asked = edition.word(f"materials.{material.kind}") + (
            f" {demo_products()[index]['model']}" if index is not None else ""
        )
        later = not material.first_try and (material.kind, index) in refused
        yield f"  {asked}：{_name(number, material)}{_stated(material, edition)}{'（先不传）' if later else ''}"
    yield "四、提交。码印得太小的那张会被退回：换上先没传的那张，重新提交"


def _stated(material: DemoMaterial, edition: Edition) -> str:
    """What is stated beside the file."""
    asks = {ask.name: ask for ask in handing(material.kind, edition).asks}
    said = [
        f"{asks[name].label}：{dict(asks[name].choices).get(str(value), value)}"
        for name, value in material.declared.items()
    ]
    return f"（{'；'.join(said)}）" if said else ""
