"""What a picture file says of itself: when, where, with what. Shown, never trusted: anybody may write it (7.2(2))."""

import io
import math
import re
import warnings
from typing import Any

from PIL import ExifTags, Image

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
_LONGEST = 60
_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")


def taken(data: bytes) -> dict[str, str]:
    """``time``, ``place`` (latitude and longitude to 0.01°, about 1 km), ``device`` and ``software``, each where said.

    Coarse on purpose: it serves to ask the sender about a photo, not to follow anybody. Whatever is broken or hostile
    in the file is left out; nothing is raised.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken EXIF; the picture itself is judged elsewhere
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                exif = image.getexif()
                base, shot, place = (
                    dict(exif),
                    dict(exif.get_ifd(ExifTags.IFD.Exif)),
                    exif.get_ifd(ExifTags.IFD.GPSInfo),
                )
                software = base.get(ExifTags.Base.Software) or image.info.get("Software")
    except Exception:
        return {}
    make, model = _text(base.get(ExifTags.Base.Make)), _text(base.get(ExifTags.Base.Model))
    said = {
        "time": _time(shot, base),
        "place": _place(place),
        "device": model if model.lower().startswith(make.lower()) else f"{make} {model}".strip(),
        "software": _text(software),
    }
    return {name: value for name, value in said.items() if value}


def _text(value: Any) -> str:
    """Printable characters only, at most sixty: it is shown on a page."""
    if isinstance(value, str):
        try:
            # EXIF knows ASCII only and Pillow reads it as Latin-1; those who need more write UTF-8 into it.
            value = value[: 4 * _LONGEST].encode("latin-1")
        except UnicodeEncodeError:
            value = value[: 4 * _LONGEST].encode("utf-8", "ignore")
    if not isinstance(value, bytes):
        return ""
    text = value[: 4 * _LONGEST].decode("utf-8", "ignore")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST]


def _time(shot: dict[int, Any], base: dict[int, Any]) -> str:
    """Local time as the camera had it, with its offset from UTC where it says so."""
    written = _text(shot.get(ExifTags.Base.DateTimeOriginal)) or _text(base.get(ExifTags.Base.DateTime))
    parts = _TIME.fullmatch(written)
    if parts is None or parts[1] == "0000":
        return ""
    offset = _text(shot.get(ExifTags.Base.OffsetTimeOriginal))
    return f"{parts[1]}-{parts[2]}-{parts[3]} {parts[4]}" + (f" {offset}" if _OFFSET.fullmatch(offset) else "")


def _place(gps: Any) -> str:
    latitude = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S", 90)
    longitude = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W", 180)
    if latitude is None or longitude is None or (latitude, longitude) == (0, 0):
        return ""
    return f"{latitude:.2f},{longitude:.2f}"


def _degrees(value: Any, side: Any, negative: str, most: int) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    angle = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(angle) or not 0 <= angle <= most:
        return None
    return -angle if _text(side) == negative else angle
