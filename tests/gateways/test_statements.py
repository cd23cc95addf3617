"""Statements: anybody verifies them with the published keys, and a changed byte is noticed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey
from pydantic import SecretStr
from typer.testing import CliRunner

from app.cli import cli
from config.settings import Environment, Settings
from gateways.statements import JwsStatements, new_key, read_key
from workflow.ports import StatementsUnavailable

CLAIMS = {"iss": "https://sample.test", "facts": {"name": "样例电缆有限公司", "points": 3}}


def verified(statement: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """As a partner does it: the key by its ``kid`` from the published set, ES256 and nothing else."""
    read = jws.deserialize_compact(statement, KeySet.import_key_set(jwks), algorithms=["ES256"])  # type: ignore[arg-type]
    claims: dict[str, Any] = json.loads(read.payload or b"")
    return claims


def test_a_statement_is_verified_with_the_published_keys_alone() -> None:
    statements = JwsStatements("https://sample.test", new_key())
    statement = statements.sign(CLAIMS, typ="zhuisu-statement+jwt")
    assert verified(statement, statements.jwks()) == CLAIMS
    header = jws.extract_compact(statement.encode()).headers()
    (key,) = statements.jwks()["keys"]
    assert header == {"alg": "ES256", "kid": key["kid"], "typ": "zhuisu-statement+jwt"}
    assert key["kid"] == ECKey.import_key(key).thumbprint()  # RFC 7638
    assert "d" not in key


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_flipped_byte_is_noticed(part: int) -> None:
    statements = JwsStatements("https://sample.test", new_key())
    parts = statements.sign(CLAIMS, typ="zhuisu-statement+jwt").split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    with pytest.raises((JoseError, ValueError)):
        verified(".".join(parts), statements.jwks())


def test_a_former_key_stays_published_and_verifies_what_it_signed(tmp_path: Path) -> None:
    old = new_key()
    (tmp_path / "old.pem").write_bytes(old.as_pem(private=False))
    (tmp_path / "new.json").write_text(json.dumps(new_key().as_dict(private=True)))
    settings = Settings(
        data_dir=tmp_path,
        public_url="https://sample.test",
        statement_key_path=tmp_path / "new.json",
        statement_former_keys=(tmp_path / "old.pem",),
    )
    now = JwsStatements.from_settings(settings)
    signed_before = JwsStatements("https://sample.test", old).sign(CLAIMS, typ="x+jwt")
    assert verified(signed_before, now.jwks()) == CLAIMS
    assert verified(now.sign(CLAIMS, typ="x+jwt"), now.jwks()) == CLAIMS
    assert (len(now.jwks()["keys"]), now.sample, now.issuer) == (2, False, "https://sample.test")


def test_development_keeps_a_marked_sample_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first, second = JwsStatements.from_settings(settings), JwsStatements.from_settings(settings)
    assert first.sample
    assert verified(first.sign(CLAIMS, typ="x+jwt"), second.jwks()) == CLAIMS
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_production_without_a_key_signs_nothing_and_says_so(tmp_path: Path) -> None:
    settings = Settings(environment=Environment.PRODUCTION, data_dir=tmp_path)
    statements = JwsStatements.from_settings(settings)
    with pytest.raises(StatementsUnavailable, match="ZHUISU_STATEMENT_KEY_PATH"):
        statements.sign(CLAIMS, typ="x+jwt")
    assert statements.jwks() == {"keys": []}
    assert any(line.startswith("ZHUISU_STATEMENT_KEY_PATH") for line in settings.worth_knowing())
    assert not list(tmp_path.iterdir())


def test_keys_that_cannot_be_used_are_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = OKPKey.generate_key("Ed25519", private=True)
    for name, data in (("garbage.pem", b"-----"), ("other.pem", other.as_pem(private=True)),
                       ("curve.json", json.dumps(ECKey.generate_key("P-384").as_dict(private=True)).encode()),
                       ("public.pem", new_key().as_pem(private=False))):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises(StatementsUnavailable, match=re.escape(name)):
            read_key(tmp_path / name, signs=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZHUISU_STATEMENT_KEY_PATH", "public.pem")
    monkeypatch.setenv("ZHUISU_STATEMENT_FORMER_KEYS", '["garbage.pem"]')
    said = CliRunner().invoke(cli, ["check-config"]).output
    assert "ZHUISU_STATEMENT_KEY_PATH：public.pem: 只有公钥" in said
    assert "ZHUISU_STATEMENT_FORMER_KEYS：garbage.pem" in said
    absent = Settings(statement_key_path=tmp_path / "absent.pem", secret_key=SecretStr("k" * 32))
    assert any("ZHUISU_STATEMENT_KEY_PATH：找不到文件" in line for line in absent.missing_for_production())
