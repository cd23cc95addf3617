"""One-time links for originals. Of a token the table keeps the hash only; the words that carry it go within hours."""

from models import Photo, UploadLink, WeChatIdentity
from workflow.context import Ports
from workflow.links import new_token, token_hash


async def link_for_original(ports: Ports, identity: WeChatIdentity, photo: Photo | None) -> str:
    """A one-time link on which the sender uploads an original."""
    token = new_token()
    await UploadLink.create(
        token_hash=token_hash(token),
        identity_id=identity.id,
        photo_id=photo.id if photo else None,
        expires_at=ports.clock.now() + ports.upload_window,
    )
    return ports.links.upload(token)


async def open_link(ports: Ports, token: str) -> UploadLink | None:
    """The upload link behind a token, used up or not; None where there is none or it has run out."""
    link = await UploadLink.get_or_none(token_hash=token_hash(token))
    return link if link is not None and link.expires_at > ports.clock.now() else None
