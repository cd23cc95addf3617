"""Products, their certificates' size and the codes they carry (3.1, 3.4, 7.1)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from miniapp_api.chapter import Chapter
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import Answer, Body, Id, Moment, Path, Said
from models import CodePatternKind, Product
from standard.calendar import shanghai_day
from standard.profile import edition_on
from standard.scope import categories as listed_categories
from workflow.access import Asker, firm_of_members
from workflow.context import Ports
from workflow.firms import products
from workflow.knowing.people import MILLI

chapter = Chapter("products", "产品与追溯码")

ProductClass = Literal["licence", "ccc", "class_3"]
CLASSES = "licence 生产许可证，ccc 强制性认证，class_3 有强制性国家标准的安全相关产品"
CATEGORY_SECONDS = 3600

Side = Annotated[float, Field(gt=0, le=2000)]
Sheet = Annotated[tuple[Side, Side], Field(description="合格证的宽和高，毫米", examples=[[100, 70]])]

Contents = dict[Annotated[str, StringConstraints(max_length=40)], Annotated[str, StringConstraints(max_length=400)]]


class Category(Answer):
    id: str
    name: str
    product_class: ProductClass = Field(description=f"通常的管理方式；{CLASSES}")
    source: str = Field(description="依据；写明存疑的以主管部门目录为准")


class Categories(Answer):
    items: list[Category]


class Pattern(Body):
    """What the trace codes of a product begin with."""

    kind: Literal["gtin_prefix", "ecode", "host"] = Field(description="厂商识别代码、Ecode 前缀或网址的域名")
    value: Said = Field(max_length=120)


class ProductGiven(Body):
    category: Said = Field(max_length=60, description="品类的 id 或名称")
    name: Said = Field(max_length=200)
    model: Said = Field(max_length=100)
    code_issuer: Said = Field(max_length=40, description="发码机构")
    gtin: str | None = Field(None, max_length=14)
    sheet_mm: Sheet
    product_class: ProductClass | None = Field(None, description=f"不填则按品类；{CLASSES}")
    qualification_number: str = Field("", max_length=60, description="生产许可证或 CCC 证书编号")
    record: Contents = Field(default_factory=dict, max_length=40, description="合格证上应有的内容（D.5.1）")
    patterns: list[Pattern] = Field(default_factory=list, max_length=20)


class ProductChange(Body):
    """What shall be different; what is not named stays. An empty ``gtin`` or ``qualification_number`` is taken away."""

    category: Said | None = Field(None, max_length=60)
    name: Said | None = Field(None, max_length=200)
    model: Said | None = Field(None, max_length=100)
    code_issuer: Said | None = Field(None, max_length=40)
    gtin: str | None = Field(None, max_length=14)
    sheet_mm: Sheet | None = None
    product_class: ProductClass | None = None
    qualification_number: str | None = Field(None, max_length=60)
    record: Contents | None = Field(None, max_length=40)
    patterns: list[Pattern] | None = Field(None, max_length=20)


class PatternShown(Answer):
    kind: CodePatternKind
    value: str
    proved_at: Moment | None = Field(description="有照片为证的时间")


class ProductShown(Answer):
    id: int
    category: str
    name: str
    model: str
    code_issuer: str
    gtin: str | None
    sheet_mm: Sheet
    product_class: str
    qualification_number: str
    record: dict[str, str]
    patterns: list[PatternShown]


class Products(Answer):
    items: list[ProductShown]


class ProductPath(Path):
    product: Id


@chapter.get("/categories", "产品品类", clause="3.1", public_seconds=CATEGORY_SECONDS)
async def categories(ports: Ports) -> Categories:
    edition = edition_on(shanghai_day(ports.clock.now()))
    return Categories(items=[Category.model_validate(one) for one in listed_categories(edition)])


@chapter.get("/firms/{uscc}/products", "在用产品")
async def products_of_firm(asker: Asker, path: FirmPath) -> Products:
    firm, _ = await firm_of_members(asker, path.uscc)
    return Products(items=[_product(row) for row in await products.products_of_firm(asker, firm.id)])


@chapter.post("/firms/{uscc}/products", "登记产品", status=201, clause="7.1")
async def new_product(ports: Ports, asker: Asker, path: FirmPath, body: ProductGiven, key: str) -> ProductShown:
    firm, _ = await firm_of_members(asker, path.uscc)
    new = products.NewProduct(
        category=body.category,
        name=body.name,
        model=body.model,
        code_issuer=body.code_issuer,
        gtin=body.gtin,
        sheet_mm=body.sheet_mm,
        record=dict(body.record),
        product_class=body.product_class or "",
        qualification_number=body.qualification_number,
        patterns=_patterns(body.patterns),
    )
    return _product(await products.new_product(ports, asker, firm.id, new))


@chapter.patch("/products/{product}", "更改产品", clause="7.1")
async def change_product(ports: Ports, asker: Asker, path: ProductPath, body: ProductChange) -> ProductShown:
    changes = products.ProductChanges(
        **body.model_dump(exclude={"patterns"}),
        patterns=None if body.patterns is None else _patterns(body.patterns),
    )
    return _product(await products.change_product(ports, asker, path.product, changes))


@chapter.delete("/products/{product}", "停用产品")
async def retire_product(ports: Ports, asker: Asker, path: ProductPath) -> None:
    await products.retire_product(ports, asker, path.product)


def _patterns(given: list[Pattern]) -> tuple[products.Pattern, ...]:
    return tuple(products.Pattern(CodePatternKind(one.kind), one.value) for one in given)


def _product(row: Product) -> ProductShown:
    return ProductShown(
        id=row.id,
        category=row.category,
        name=row.name,
        model=row.model,
        code_issuer=row.code_issuer,
        gtin=row.gtin,
        sheet_mm=(row.sheet_width_um / MILLI, row.sheet_height_um / MILLI),
        product_class=row.product_class,
        qualification_number=row.qualification_number,
        record=row.record,
        patterns=[PatternShown.model_validate(pattern) for pattern in row.code_patterns],
    )
