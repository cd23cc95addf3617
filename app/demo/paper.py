"""Papers, licences and screens of the demonstration, drawn by typst from the templates beside this file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import typst

_FACES = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC")
_PIXELS_PER_INCH = 150.0


class NoChineseFont(Exception):
    """No typeface with Chinese characters is installed, so nothing can be drawn; the message says what to install."""

    def __init__(self) -> None:
        super().__init__("没有找到中文字体：请先安装 fonts-noto-cjk（或把思源黑体放进指定的字体文件夹），再运行演示。")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws with the system's fonts and those in ``font_folders``."""

    font_folders: Sequence[Path] = ()

    def check(self) -> None:
        """Raise :class:`NoChineseFont` where the papers would be full of empty boxes."""
        fonts = typst.Fonts(font_paths=[str(folder) for folder in self.font_folders])
        if not set(_FACES) & set(fonts.families()):
            raise NoChineseFont

    def licence(self, **data: Any) -> bytes:
        """A business licence as PNG: ``uscc``, ``left`` and ``right`` (rows of label and value), ``authority``,
        ``day``, ``firm``."""
        return self._drawn("licence.typ", data, "png")

    def paper(
        self, title: str, paragraphs: Sequence[str] = (), *, rows: Sequence[tuple[str, str]] = (),
        table: Sequence[Sequence[str]] = (), firm: str = "", day: str = "", seal: str = "", beside: str = "",
        form: Literal["pdf", "png"] = "pdf",
    ) -> bytes:  # fmt: skip
        """A text on A4: ``firm`` and ``day`` at its foot under the seal of ``seal``, and ``beside`` another's seal."""
        data = {
            "title": title, "paragraphs": paragraphs, "rows": rows, "table": table, "firm": firm, "day": day,
            "seal": seal, "beside": beside,
        }  # fmt: skip
        return self._drawn("paper.typ", data, form)

    def screen(
        self, title: str, *, rows: Sequence[tuple[str, str]] = (), table: Sequence[Sequence[str]] = (),
        address: str, clock: str, picture: str = "", phone: bool = False,
    ) -> bytes:  # fmt: skip
        """A screenshot as PNG; ``picture`` is an SVG, such as a code."""
        data = {
            "title": title, "rows": rows, "table": table, "address": address, "clock": clock, "picture": picture,
            "phone": phone,
        }  # fmt: skip
        return self._drawn("screen.typ", data, "png")

    def _drawn(self, template: str, data: dict[str, Any], form: Literal["pdf", "png"]) -> bytes:
        with resources.as_file(resources.files("app.demo") / "templates") as folder:
            drawn = typst.compile(
                str(folder / template), root=str(folder), format=form, ppi=_PIXELS_PER_INCH,
                font_paths=[str(folder) for folder in self.font_folders],
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            )  # fmt: skip
        assert isinstance(drawn, bytes)
        return drawn
