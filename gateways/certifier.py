"""Draws, signs and reads certificates and confirmations: :class:`workflow.ports.Certifier` on typst and pyHanko."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from config.settings import CertificateSettings, Environment, Settings
from gateways.certificate.drawing import Drawing
from gateways.certificate.signing import (
    SigningKey,
    certificate_reason,
    confirmation_reason,
    former_certificate,
    load_key,
    sample_key,
    sign,
)
from workflow.ports import CertifierFailed, Drawn, SignatureVerdict

Result = TypeVar("Result")

SECONDS = 30
"""Drawing and signing take tenths of a second; whatever takes this long will not end well."""
AT_ONCE = 2


class TypstCertifier:
    """Draws and signs in threads of its own, at most two at once, for both leave the interpreter alone most of the
    time; reads strangers' files in a child process each, which cannot take more than its share."""

    def __init__(self, settings: CertificateSettings, key: SigningKey) -> None:
        self._settings = settings
        self._key = key
        self._drawing = Drawing(settings.font_dirs)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="certificate")
        self._readers = asyncio.Semaphore(AT_ONCE)
        former = [former_certificate(path) for path in settings.former_certificates]
        self._ours = [key.certificate, *former]

    @classmethod
    def from_settings(cls, settings: Settings) -> "TypstCertifier":
        """With the configured key, or in development with the sample key, made in the data folder when first needed."""
        own = settings.certificate
        if own.key_file is not None:
            return cls(own, load_key(own.key_file, own.key_password.get_secret_value()))
        if settings.environment is Environment.PRODUCTION:
            raise CertifierFailed("生产环境未配置签发证书的密钥（ZHUISU_CERTIFICATE__KEY_FILE）")
        return cls(own, sample_key(settings.data_dir))

    @property
    def sample(self) -> bool:
        """Whether it signs with the sample key."""
        return self._key.sample

    async def missing_glyphs(self, text: str) -> str:
        """The characters that none of our fonts has."""
        return await self._run(self._drawing.missing_glyphs, text)

    async def render(self, face: dict[str, Any], qr_url: str) -> Drawn:
        """PDF and picture of a face."""
        return await self._run(self._drawing.draw, face, qr_url)

    async def sign(self, pdf: bytes, number: str, revision: int) -> bytes:
        """The signed PDF."""
        return await self._sign(pdf, certificate_reason(number, revision))

    async def render_confirmation(self, face: dict[str, Any], qr_url: str) -> bytes:
        """PDF of a confirmation's face."""
        return await self._run(self._drawing.draw_confirmation, face, qr_url)

    async def sign_confirmation(self, pdf: bytes, number: str) -> bytes:
        """The signed PDF."""
        return await self._sign(pdf, confirmation_reason(number))

    async def verify(self, pdf: bytes) -> SignatureVerdict | None:
        """What the signature of a stranger's file says."""
        ours = (base64.b64encode(certificate).decode() for certificate in self._ours)
        # The child imports what this process could import, wherever it was started, and learns nothing else of it.
        environment = {"PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path), "LANG": "C.UTF-8"}
        async with self._readers:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateways.certificate.reading",
                *ours,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
            )
            try:
                said, _ = await asyncio.wait_for(child.communicate(pdf), SECONDS)
            except TimeoutError:
                return None
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        return _verdict(json.loads(said), sample=self.sample) if child.returncode == 0 else None

    async def check(self) -> None:
        """Raise :class:`CertifierFailed` where a family of fonts is missing."""
        if missing := await self._run(self._drawing.missing_families):
            folders = "、".join(map(str, self._settings.font_dirs))
            raise CertifierFailed(f"{folders} 中没有字体 {'、'.join(missing)}（Debian：apt install fonts-noto-cjk）")

    async def aclose(self) -> None:
        """End the threads; what they are at is given up."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def _sign(self, pdf: bytes, reason: str) -> bytes:
        return await self._run(sign, pdf, self._key, reason, self._settings.timestamp_url)

    async def _run(self, work: Callable[..., Result], *given: Any) -> Result:
        running = asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        try:
            return await asyncio.wait_for(running, SECONDS)
        except TimeoutError:
            raise CertifierFailed(f"no end within {SECONDS} s") from None


def _verdict(said: dict[str, Any] | None, *, sample: bool) -> SignatureVerdict | None:
    if said is None:
        return None
    at = said.get("signed_at")
    return SignatureVerdict(
        **{**said, "signed_at": datetime.fromisoformat(at) if at else None, "sample": sample and said["ours"]}
    )
