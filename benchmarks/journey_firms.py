"""The firms of ``benchmarks.journey``: each with its own name, credit code, product, codes, papers and photos (样例).

Photos take the renderer a second or two each, so they are kept in a folder and drawn once; papers are drawn anew.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path

from app.demo.firm import DemoFirm, Made
from app.demo.journey import Travelling
from app.demo.materials import DemoMaterial, demo_form, demo_materials, demo_products, licence
from benchmarks.certificates import sample_uscc
from docs.draw_demo import photos
from standard.codes.checks import check_digit
from standard.grades import Grade
from standard.materials import Due, required
from standard.profile import edition_on

MENDS_EACH = 5
"""Every so many firms print the code too small first, are told so, and mend it (7.2(3))."""
FIRST_NUMBER = 100
PHOTOS = ("certificate-1.jpg", "certificate-small-1.jpg", "body-1.jpg")
HEAVY = frozenset({"上传记录截图-样例.png", "查询演示-官网-样例.png", "查询演示-小程序-样例.png"})
"""Files beside others of their kind that the level does not ask for."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drawn: firm number ``number`` for an application at ``level`` on the Shanghai day ``today``."""

    number: int
    level: str
    today: date
    real_now: datetime
    folder: Path


def sample_firm(number: int) -> DemoFirm:
    """The firm of this number; nobody can hold its credit code."""
    prefix = f"6951{number:04d}"
    gtin = f"0{prefix}0001"
    return DemoFirm(
        name=f"样例{number:04d}线缆有限公司",
        uscc=sample_uscc(FIRST_NUMBER + number),
        address=f"上海市样例区电缆路 {number} 号（样例）",
        legal_representative="王样例",
        gs1_prefix=prefix,
        host=f"trace{number:04d}.sample-cable.cn",
        products=(
            Made(
                "聚氯乙烯绝缘电线（样例）", "BV 4", f"{gtin}{check_digit(gtin)}", (100.0, 70.0), "450/750V",
                "GB/T 5023.3-2008", f"20240101050{number:05d}",
            ),
        ),
    )  # fmt: skip


def drawn(orders: Sequence[Order], processes: int = os.cpu_count() or 1) -> list[Travelling]:
    """The firms with everything that they hand in."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_draw, orders))


def _draw(order: Order) -> Travelling:
    firm = sample_firm(order.number)
    mends = order.number % MENDS_EACH == 0
    kept = _photos(firm, order, mends)
    everything = demo_materials(
        order.today, real_now=order.real_now, firm=firm, photo=lambda name: kept.get(name, b"")
    )  # fmt: skip
    edition = edition_on(order.today)
    listed = required(Grade(order.level), "ccc", edition, first=True, sells_online=False)
    asked = {one.id for one in listed if one.due is Due.REQUIRED}

    def wanted(material: DemoMaterial) -> bool:
        return material.kind in asked and material.file_name not in HEAVY and material.data != b""

    return Travelling(
        user=f"firm{order.number:04d}", form=demo_form(firm), licence=licence(firm=firm),
        products=demo_products(firm), materials=[one for one in everything if wanted(one)], level=order.level,
        sells_online=False,
    )  # fmt: skip


def _photos(firm: DemoFirm, order: Order, mends: bool) -> dict[str, bytes]:
    """The firm's photos by name; that of the small code only where it hands one in."""
    folder = order.folder / firm.uscc
    names = [name for name in PHOTOS if mends or "small" not in name]
    if not all((folder / name).exists() for name in names):
        folder.mkdir(parents=True, exist_ok=True)
        for name, jpeg in photos(firm, seed=1000 + order.number, too_small=mends):
            part = folder / f"{name}.part"
            part.write_bytes(jpeg)
            part.rename(folder / name)
    return {name: (folder / name).read_bytes() for name in names}
