"""``/cgi-bin/media/upload`` and ``/cgi-bin/media/get``."""

from typing import Any

from aiohttp import BodyPartReader, web

from simulator import pictures
from simulator.api.call import GET, POST, Call, Endpoint, answer
from simulator.errors import ApiError

_MEGABYTE = 1024 * 1024
_LIMITS = {"image": 2 * _MEGABYTE, "voice": 2 * _MEGABYTE, "video": 10 * _MEGABYTE, "thumb": 64 * 1024}
_MOST = max(_LIMITS.values())


async def upload(call: Call) -> dict[str, Any]:
    """A file in the multipart field ``media``: its type by its content, its size by the type."""
    kind = call.query("type")
    if kind not in _LIMITS:
        raise ApiError(40004)
    data = await _media_part(call.request)
    if len(data) > _LIMITS[kind]:
        raise ApiError(40009 if kind == "image" else 40006)
    sniffed = pictures.sniff(data)
    if sniffed is None or sniffed[0] != ("image" if kind == "thumb" else kind):
        raise ApiError(40005)
    if kind == "thumb" and sniffed[1] != "jpg":
        raise ApiError(40005)
    medium = call.world.media.add(kind, data)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: medium.media_id, "created_at": int(medium.created), "item": []}


async def get(call: Call) -> dict[str, Any] | web.StreamResponse:
    """The bytes with a Content-Disposition; a video as an address; errors as JSON."""
    media_id = call.query("media_id")
    medium = call.world.media.get(media_id)
    if medium is None:
        return answer(ApiError(40007 if media_id else 41006).body(), plain=True)
    if medium.type == "video":
        return {"video_url": call.world.media.url(medium)}
    headers = {
        "Content-Type": medium.mime,
        "Content-Disposition": f'attachment; filename="{medium.media_id}.{medium.extension}"',
    }
    return web.Response(body=medium.data, headers=headers)


async def _media_part(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        raise ApiError(41005)
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "media" and part.filename:
                return await _bounded(part)
    except (ValueError, AssertionError) as error:
        raise ApiError(41005) from error
    raise ApiError(41005)


async def _bounded(part: BodyPartReader) -> bytes:
    """The file; one byte over the largest limit is enough to see that it is too large."""
    read = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        if len(read) <= _MOST:
            read += chunk
    return bytes(read)


ENDPOINTS = {
    "/cgi-bin/media/upload": Endpoint(upload, POST, daily=100_000, plain=True),
    "/cgi-bin/media/get": Endpoint(get, GET, daily=200_000),
}
