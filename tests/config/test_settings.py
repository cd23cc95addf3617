"""Settings: defaults that run, sources in their order, and what production still misses."""

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from config.logs import configure_logs, scrub
from config.message_templates import SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES, NoticeKind
from config.settings import CallbackMode, Environment, QueueKind, Settings


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_defaults_serve_one_machine_and_name_what_production_misses() -> None:
    settings = Settings()
    assert settings.resolved_database_url().startswith("sqlite://")
    assert settings.resolved_public_url() == "http://127.0.0.1:8080"
    missing = "\n".join(settings.missing_for_production())
    for name in (
        "APP_ID",
        "APP_SECRET",
        "TOKEN",
        "AES_KEY",
        "SECRET_KEY",
        "PUBLIC_URL",
        "DATABASE_URL",
        "REDIS_URL",
        "KEY_FILE",
    ):
        assert name in missing


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "zhuisu.toml").write_text('port = 9001\n[wechat]\napp_id = "wxfile"\nmode = "compat"\n')
    monkeypatch.setenv("ZHUISU_WECHAT__APP_ID", "wxenvironment")
    settings = Settings()
    assert (settings.port, settings.wechat.app_id, settings.wechat.mode) == (
        9001,
        "wxenvironment",
        CallbackMode.COMPAT,
    )


def test_a_complete_production_misses_nothing(tmp_path: Path) -> None:
    (tmp_path / "key.p12").touch()
    settings = Settings(
        environment=Environment.PRODUCTION,
        public_url="https://trace.sample.test",
        database_url="postgres://db/zhuisu",
        redis_url="redis://cache",
        secret_key=SecretStr("k" * 32),
        wechat={  # type: ignore[arg-type]
            "app_id": "wx1",
            "app_secret": "s",
            "original_id": "gh_1",
            "token": "t",
            "aes_key": "a" * 43,
        },
        certificate={"key_file": tmp_path / "key.p12"},  # type: ignore[arg-type]
    )
    assert settings.missing_for_production() == []
    assert "127.0.0.1" not in settings.media_hosts()
    assert settings.resolved_api_base() == "https://api.weixin.qq.com"


def test_what_is_right_only_in_some_places_is_said() -> None:
    known = "\n".join(Settings().worth_knowing())
    assert "ZHUISU_STORAGE_URL" in known
    assert "ZHUISU_API__PROXIES" in known
    assert "没有“月度提报提醒”的模板消息" in known
    assert "character_string1 编号、thing2 企业名称" in known
    assert "没有“评价申报进度通知”的模板消息" in known
    assert "thing1 事项、thing2 企业名称、phrase3 当前状态、time4 时间、thing5 温馨提示" in known
    assert "ZHUISU_WECHAT__SUBSCRIBE_TEMPLATES" in known
    placed = Settings(
        storage_url="s3://bucket/prefix",
        statement_key_path=Path("statement-key.pem"),
        api={"proxies": 1},  # type: ignore[arg-type]
        wechat={"subscribe_templates": SAMPLE_SUBSCRIBE, "message_templates": SAMPLE_TEMPLATES},  # type: ignore[arg-type]
    )
    assert placed.worth_knowing() == []
    assert placed.templates_in_words()[0] == (
        "订阅通知“月度提报提醒”（sample-subscribe-monthly）："
        "thing1 事项、thing2 企业名称、time3 截止时间、phrase4 当前状态、thing5 温馨提示"
    )


def test_a_template_comes_from_the_environment_and_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ZHUISU_WECHAT__MESSAGE_TEMPLATES"
    monkeypatch.setenv(name, '{"monthly": {"id": "T1", "fields": {"thing1": "title", "time12": "deadline"}}}')
    template = Settings().wechat.message_templates[NoticeKind.MONTHLY]
    assert (template.id, template.fields) == ("T1", {"thing1": "title", "time12": "deadline"})
    for fields, said in (
        ('{"thing": "title"}', "类型加数字"),
        ('{"enum1": "state"}', "enum 填不了"),
        ('{"thing1": "price"}', "price 不认识"),
    ):
        monkeypatch.setenv(name, f'{{"monthly": {{"id": "T1", "fields": {fields}}}}}')
        with pytest.raises(ValidationError, match=said):
            Settings()


def test_the_simulated_account_has_sample_templates_where_none_is_named() -> None:
    assert Settings().resolved_templates() == ({}, {})
    simulated = Settings(simulator={"enabled": True})  # type: ignore[arg-type]
    assert simulated.resolved_templates() == (SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES)
    simulated.wechat.message_templates = {NoticeKind.RESULT: SAMPLE_TEMPLATES[NoticeKind.RESULT]}
    assert simulated.resolved_templates() == ({}, {NoticeKind.RESULT: SAMPLE_TEMPLATES[NoticeKind.RESULT]})


def test_what_is_not_used_is_not_asked_for_and_what_is_used_is(tmp_path: Path) -> None:
    assert not any("MINI_PROGRAM" in line or "REGISTRIES" in line for line in Settings().missing_for_production())
    settings = Settings(
        mini_program={"app_id": "wxmini"},  # type: ignore[arg-type]
        registries={"base_url": "http://registries.sample.test"},  # type: ignore[arg-type]
        verification_files=tmp_path / "none",
    )
    missing = "\n".join(settings.missing_for_production())
    for name in ("MINI_PROGRAM__APP_SECRET", "REGISTRIES__BASE_URL", "REGISTRIES__KEY", "VERIFICATION_FILES"):
        assert name in missing


def test_the_simulator_stands_in_for_the_mini_program_and_the_authorisation() -> None:
    assert Settings().resolved_mini_program().app_id == ""
    assert Settings().resolved_authorise_url() == "https://open.weixin.qq.com/connect/oauth2/authorize"
    simulated = Settings(port=9001, simulator={"enabled": True})  # type: ignore[arg-type]
    assert simulated.resolved_mini_program().app_id == "wxsample0000000002"
    assert simulated.resolved_authorise_url() == "http://127.0.0.1:9001/sim/connect/oauth2/authorize"
    own = Settings(mini_program={"app_id": "wxown"}, simulator={"enabled": True})  # type: ignore[arg-type]
    assert own.resolved_mini_program().app_id == "wxown"


def test_the_simulator_is_named_as_a_fault_in_production() -> None:
    settings = Settings(environment=Environment.PRODUCTION, simulator={"enabled": True})  # type: ignore[arg-type]
    assert any("SIMULATOR" in line for line in settings.missing_for_production())


def test_a_secret_never_shows_in_an_error_or_a_dump() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(wechat={"aes_key": "too-short-secret"})  # type: ignore[arg-type]
    assert "too-short-secret" not in str(caught.value)
    assert "sample-app-secret" not in repr(Settings())


def test_the_development_secret_is_made_once_and_readable_by_us_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    secret = settings.resolved_secret()
    assert settings.resolved_secret() == secret
    assert len(secret) >= 32
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "secret",
    [
        "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
        "13800138000",
        "access_token=ACCESS_TOKEN_VALUE",
        "secret=APPSECRET",
        "/u/abcdefghijklmnopqrstuv",
    ],
)
def test_nothing_that_names_a_person_or_opens_a_door_reaches_a_log(
    secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logs("DEBUG", as_json=True)
        logging.getLogger("sample").warning("GET https://api.sample.test/x?%s", secret)
        try:
            raise ValueError(secret if "=" not in secret else f"?{secret}")
        except ValueError:
            logging.getLogger("sample").exception("failed")
    finally:
        root.handlers[:], root.level = before[0], before[1]
    written = capsys.readouterr().err
    assert "sample.test" in written
    assert secret.rsplit("=", maxsplit=1)[-1] not in written
    assert secret.rsplit("=", maxsplit=1)[-1] not in scrub(f"?{secret}")


def test_jobs_are_carried_by_procrastinate_on_postgres_unless_told_otherwise() -> None:
    postgres = "postgres://db/zhuisu"
    assert Settings().resolved_queue() is QueueKind.TABLE
    assert Settings(database_url="sqlite://zhuisu.db").resolved_queue() is QueueKind.TABLE
    assert Settings(database_url=postgres).resolved_queue() is QueueKind.PROCRASTINATE
    assert Settings(database_url=postgres, queue=QueueKind.TABLE).resolved_queue() is QueueKind.TABLE
    with pytest.raises(ValidationError, match="需要 PostgreSQL"):
        Settings(queue=QueueKind.PROCRASTINATE)
