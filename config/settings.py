"""Every setting, typed and documented, with a default that works on one machine.

Read, strongest first, from the environment (``ZHUISU_PORT``, ``ZHUISU_WECHAT__TOKEN`` …) and from the TOML file that
``ZHUISU_CONFIG`` names (else ``zhuisu.toml`` in the working directory, where it is there).
"""

import os
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, DirectoryPath, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from config.message_templates import (
    KINDS,
    SAMPLE_SUBSCRIBE,
    SAMPLE_TEMPLATES,
    MessageTemplate,
    NoticeKind,
    in_words,
)


class Environment(StrEnum):
    """Where the process runs: production refuses the simulator and every insecure default."""

    DEV = "dev"
    PRODUCTION = "production"


class CallbackMode(StrEnum):
    """The encryption mode of the service account's callback, as chosen on WeChat's console."""

    PLAINTEXT = "plaintext"
    COMPAT = "compat"
    SAFE = "safe"


class QueueKind(StrEnum):
    """What carries the jobs."""

    TABLE = "table"
    PROCRASTINATE = "procrastinate"


class WeChatSettings(BaseModel):
    """The service account (服务号)."""

    app_id: str = Field("wxsample0000000001", description="开发者ID (AppID)")
    app_secret: SecretStr = Field(SecretStr("sample-app-secret"), description="开发者密码 (AppSecret)")
    original_id: str = Field("gh_sample000001", description="原始ID: ToUserName of every callback")
    token: SecretStr = Field(SecretStr("sample-callback-token"), description="服务器配置 → 令牌 (Token)")
    aes_key: SecretStr = Field(
        SecretStr("c2FtcGxlLWFlcy1rZXktZm9yLWRldmVsb3BtZW50MDA"),
        description="服务器配置 → 消息加解密密钥 (EncodingAESKey, 43 characters)",
    )
    previous_aes_key: SecretStr | None = Field(None, description="the key before the last change, while rotating")
    mode: CallbackMode = Field(CallbackMode.SAFE, description="消息加解密方式")
    api_base: str = Field(
        "", description="base of the server API; empty: https://api.weixin.qq.com, or the simulator where that runs"
    )
    authorise_url: str = Field(
        "", description="page of the web authorisation; empty: WeChat's, or the simulator's where that runs"
    )
    callback_skew_seconds: int = Field(600, ge=60, description="how far a callback's timestamp may be from our clock")
    reply_seconds: float = Field(4.5, gt=0, lt=5, description="a passive reply leaves within this; WeChat waits 5 s")
    media_hosts: tuple[str, ...] = Field(
        ("qpic.cn", "qlogo.cn", "weixin.qq.com"),
        description="PicUrl is fetched only from these hosts and below them; else the picture comes through media/get",
    )
    subscribe_templates: dict[NoticeKind, MessageTemplate] = Field(
        default_factory=dict, description="订阅通知 by what they tell (monthly, result, application): id and fields"
    )
    message_templates: dict[NoticeKind, MessageTemplate] = Field(
        default_factory=dict, description="模板消息, likewise; without both, notices arrive in the 48-hour window only"
    )
    account_qr: str = Field(
        "",
        max_length=300,
        description="what the account's own QR code holds (http://weixin.qq.com/r/…), for the poster",
    )
    pushes_per_minute: int = Field(3000, ge=1, description="notices that leave in a minute, by whatever way")
    templates_per_day: int = Field(
        100_000, ge=0, description="模板消息 a day (Asia/Shanghai): the account's quota, or our share of it"
    )

    @field_validator("aes_key", "previous_aes_key")
    @classmethod
    def _forty_three(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) != 43:
            raise ValueError("EncodingAESKey must have 43 characters")
        return value


class MiniProgramSettings(BaseModel):
    """The mini-program (小程序), where there is one; bound to the same open platform account as the service account."""

    app_id: str = Field("", description="AppID(小程序ID); empty: no mini-program (where the simulator runs: a sample)")
    app_secret: SecretStr = Field(SecretStr(""), description="AppSecret(小程序密钥)")


SAMPLE_MINI_PROGRAM = MiniProgramSettings(
    app_id="wxsample0000000002", app_secret=SecretStr("sample-mini-program-secret")
)


class RegistriesSettings(BaseModel):
    """The peer that answers for the official registries and the national platform (R34)."""

    base_url: str = Field("", description="https://… that speaks our contract; empty: offline checks only")
    key: SecretStr = Field(SecretStr(""), description="sent as Authorization: Bearer …")
    seconds: float = Field(8, gt=0, le=60, description="an answer that takes longer counts as not reachable")


class InspectorSettings(BaseModel):
    """The pool of processes that look at pictures."""

    workers: int = Field(default_factory=lambda: max(1, min(os.cpu_count() or 1, 8)), ge=1, description="processes")
    seconds: float = Field(20, gt=0, description="a picture that takes longer is given up and its process ended")
    memory_mb: int = Field(3072, ge=1024, description="address space of one process")
    pictures_per_process: int = Field(300, ge=1, description="a process is renewed after this many pictures")
    signature_roots: DirectoryPath | None = Field(
        None, description="folder of the certificates (PEM, DER) of the authorities whose electronic seals are trusted"
    )


class ApiSettings(BaseModel):
    """The HTTP API; limits are for one person, or for one address where nobody is signed in."""

    reads_per_minute: int = Field(300, ge=1, description="looking at something")
    writes_per_minute: int = Field(60, ge=1, description="changing something")
    uploads_per_minute: int = Field(60, ge=1, description="handing in files")
    searches_per_minute: int = Field(60, ge=1, description="searching firms")
    checks_per_minute: int = Field(20, ge=1, description="having a certificate's file checked")
    complaints_per_hour: int = Field(10, ge=1, description="complaining about a published result")
    sign_ins_per_minute: int = Field(60, ge=1, description="signing in; mobile networks share addresses")
    proxies: int = Field(
        0,
        ge=0,
        description="reverse proxies of ours before us; the address is the one X-Forwarded-For has that far back",
    )


class OpenSettings(BaseModel):
    """The partners' API; how often each may ask, its key says."""

    wrong_keys_per_minute: int = Field(60, ge=1, description="keys that open nothing, from one address")


class CertificateSettings(BaseModel):
    """Drawing and signing electronic certificates (7.5(1), Appendix B)."""

    key_file: Path | None = Field(
        None, description="PKCS#12 file (.p12, .pfx) with key and chain; empty in dev: a sample key, made in data_dir"
    )
    key_password: SecretStr = Field(SecretStr(""), description="password of that file")
    former_certificates: tuple[Path, ...] = Field(
        (), description="PEM files of certificates that signed before the present one: altered files are still known"
    )
    timestamp_url: str = Field("", description="RFC 3161 time stamp service; empty: the machine's own time")
    font_dirs: tuple[Path, ...] = Field(
        (Path("/usr/share/fonts/opentype/noto"),),
        description="folders of fonts, with Noto Serif CJK SC and Noto Sans CJK SC (fonts-noto-cjk) among them",
    )


class SimulatorSettings(BaseModel):
    """A WeChat on your desk; never in production."""

    enabled: bool = Field(False, description="serve /sim and its API beside the application")
    callback_url: str = Field("", description="where it pushes; empty: this server's /wechat/callback")


class Settings(BaseSettings):
    """The whole configuration of one process."""

    model_config = SettingsConfigDict(
        env_prefix="ZHUISU_", env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    environment: Environment = Field(Environment.DEV, description="dev or production")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    public_url: str = Field("", description="what people's links begin with; empty: http://{host}:{port}")
    data_dir: Path = Field(Path("data"), description="local files: SQLite database, objects, generated dev secret")
    database_url: str = Field("", description="postgres://… ; empty: SQLite in data_dir")
    queue: QueueKind | None = Field(
        None, description="table or procrastinate; empty: procrastinate on PostgreSQL, table on SQLite"
    )
    redis_url: str = Field("", description="redis://… ; empty: in-process cache (one process only)")
    storage_url: str = Field("", description="s3://bucket/prefix ; empty: the folder objects/ in data_dir")
    secret_key: SecretStr | None = Field(
        None, description="signs links, ≥ 32 characters; empty in dev: made once and kept in data_dir/secret"
    )
    statement_key_path: Path | None = Field(
        None,
        description="PEM or JWK file of the P-256 key that signs statements; empty in dev: a sample key in data_dir",
    )
    statement_former_keys: tuple[Path, ...] = Field(
        (), description="PEM or JWK files of the public keys that signed statements before: they stay published"
    )
    shared_ms: int = Field(
        400, ge=0, le=400, description="how old what is public may be, read once for all who ask; 0: for each anew"
    )
    report_link_days: int = Field(30, ge=1, description="how long a link to a photo report works")
    session_days: int = Field(30, ge=1, le=365, description="a session ends when it was not used for so long")
    sign_in_link_minutes: int = Field(10, ge=1, le=60, description="how long a one-time sign-in link works")
    verification_files: Path | None = Field(
        None, description="folder with the .txt files that WeChat asks to find at the root of the domain"
    )
    upload_link_minutes: int = Field(60, ge=5, description="how long the one-time link for an original works")
    unconsented_hours: int = Field(
        23, ge=1, le=23, description="photos without consent are dropped after this, so as to be gone within 24 h (R54)"
    )
    scan_event_days: int = Field(
        400,
        ge=366,
        description="single look-ups of codes are kept so long, as the firms' evidence (查询记录); daily counts stay",
    )
    max_upload_mb: int = Field(20, ge=1, le=100, description="largest picture accepted")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_json: bool = Field(False, description="one JSON object a line instead of coloured text")
    worker_concurrency: int = Field(4, ge=1, description="jobs run at the same time by one worker")
    wechat: WeChatSettings = Field(default_factory=lambda: WeChatSettings.model_validate({}))
    mini_program: MiniProgramSettings = Field(default_factory=lambda: MiniProgramSettings.model_validate({}))
    registries: RegistriesSettings = Field(default_factory=lambda: RegistriesSettings.model_validate({}))
    inspector: InspectorSettings = Field(default_factory=lambda: InspectorSettings.model_validate({}))
    api: ApiSettings = Field(default_factory=lambda: ApiSettings.model_validate({}))
    open: OpenSettings = Field(default_factory=lambda: OpenSettings.model_validate({}))
    certificate: CertificateSettings = Field(default_factory=lambda: CertificateSettings.model_validate({}))
    simulator: SimulatorSettings = Field(default_factory=lambda: SimulatorSettings.model_validate({}))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = os.environ.get("ZHUISU_CONFIG")
        path = Path(named or "zhuisu.toml")
        if named and not path.is_file():
            raise FileNotFoundError(named)
        toml = TomlConfigSettingsSource(settings_cls, toml_file=path)
        return init_settings, env_settings, toml

    @model_validator(mode="after")
    def _procrastinate_needs_postgres(self) -> Self:
        if self.queue is QueueKind.PROCRASTINATE and not self.on_postgres():
            raise ValueError("ZHUISU_QUEUE=procrastinate 需要 PostgreSQL：请同时设置 ZHUISU_DATABASE_URL")
        return self

    def on_postgres(self) -> bool:
        """Whether the database is PostgreSQL."""
        return bool(self.database_url) and not self.database_url.startswith("sqlite")

    def resolved_queue(self) -> QueueKind:
        """What carries the jobs; on PostgreSQL procrastinate, which wakes workers in other processes at once."""
        return self.queue or (QueueKind.PROCRASTINATE if self.on_postgres() else QueueKind.TABLE)

    def resolved_database_url(self) -> str:
        """The URL Tortoise is given; SQLite with the pragmas that the engine counts on."""
        return self.database_url or f"sqlite://{self.data_dir.absolute() / 'zhuisu.db'}"

    def resolved_public_url(self) -> str:
        """The base of every link we hand out, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def resolved_api_base(self) -> str:
        """The base of WeChat's server API, without a slash at its end."""
        if self.wechat.api_base:
            return self.wechat.api_base.rstrip("/")
        if self.simulator.enabled:
            return f"http://127.0.0.1:{self.port}/sim/api"
        return "https://api.weixin.qq.com"

    def resolved_mini_program(self) -> MiniProgramSettings:
        """The mini-program; where the simulator stands in for WeChat and none is named, its sample."""
        sample = self.simulator.enabled and not self.mini_program.app_id
        return SAMPLE_MINI_PROGRAM if sample else self.mini_program

    def resolved_templates(self) -> tuple[dict[NoticeKind, MessageTemplate], dict[NoticeKind, MessageTemplate]]:
        """Subscribe and template messages; where the simulator stands in for WeChat and none is named, its samples."""
        named = self.wechat.subscribe_templates, self.wechat.message_templates
        sample = self.simulator.enabled and not any(named)
        return (SAMPLE_SUBSCRIBE, SAMPLE_TEMPLATES) if sample else named

    def resolved_authorise_url(self) -> str:
        """Where a browser in WeChat is sent to learn who reads a page of ours."""
        if self.wechat.authorise_url:
            return self.wechat.authorise_url
        if self.simulator.enabled:
            return f"{self.resolved_public_url()}/sim/connect/oauth2/authorize"
        return "https://open.weixin.qq.com/connect/oauth2/authorize"

    def resolved_secret(self) -> bytes:
        """The signing secret; in dev it is made once, so that links live through a restart."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / "secret"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().encode()

    def media_hosts(self) -> tuple[str, ...]:
        """Hosts a PicUrl may name; where the simulator runs, its own beside WeChat's."""
        if not self.simulator.enabled and self.environment is Environment.PRODUCTION:
            return self.wechat.media_hosts
        return (*self.wechat.media_hosts, "127.0.0.1", "localhost")

    def templates_in_words(self) -> list[str]:
        """What stands in the fields of each template that is configured, a Chinese sentence each."""
        return [
            f"{way}“{KINDS[kind]}”（{template.id}）：{in_words(template)}"
            for way, templates in (
                ("订阅通知", self.wechat.subscribe_templates),
                ("模板消息", self.wechat.message_templates),
            )
            for kind, template in templates.items()
        ]

    def worth_knowing(self) -> list[str]:
        """What is right only in some places, one Chinese sentence each."""
        known = []
        if not self.storage_url:
            known.append("ZHUISU_STORAGE_URL：照片存在本机文件夹，只适合单机；多机部署请设为 s3://桶/前缀")
        if not self.api.proxies:
            known.append(
                "ZHUISU_API__PROXIES：前面有几层自己的反向代理就填几；有代理而填 0，限流会把所有未登录的人当成一个人"
            )
        if self.statement_key_path is None:
            known.append(
                "ZHUISU_STATEMENT_KEY_PATH：没有签发声明的密钥，生产环境的合作方接口 /open/v1 不能签名，一律答 503；"
                "制作密钥：openssl ecparam -name prime256v1 -genkey -noout -out statement-key.pem"
            )
        known += [
            f"ZHUISU_WECHAT__MESSAGE_TEMPLATES：没有“{KINDS[kind]}”的模板消息，用户 48 小时内没有说话时只能靠订阅授权，"
            f"否则只在收件箱里；申请时按这些字段选：{in_words(SAMPLE_TEMPLATES[kind])}"
            for kind in NoticeKind
            if kind not in self.wechat.message_templates
        ]
        if NoticeKind.MONTHLY not in self.wechat.subscribe_templates:
            known.append(
                f"ZHUISU_WECHAT__SUBSCRIBE_TEMPLATES：没有“{KINDS[NoticeKind.MONTHLY]}”的订阅通知，用户同意“下月提醒我”也无法按授权推送"
            )
        return known

    def missing_for_production(self) -> list[str]:
        """What must still be set, one Chinese sentence each, before this configuration may serve real people."""
        fresh: dict[str, Any] = {name: field.get_default() for name, field in WeChatSettings.model_fields.items()}
        wechat, missing = self.wechat, []
        if wechat.app_id == fresh["app_id"]:
            missing.append("ZHUISU_WECHAT__APP_ID：填写服务号的 AppID")
        if wechat.app_secret == fresh["app_secret"]:
            missing.append("ZHUISU_WECHAT__APP_SECRET：填写服务号的 AppSecret")
        if wechat.original_id == fresh["original_id"]:
            missing.append("ZHUISU_WECHAT__ORIGINAL_ID：填写服务号的原始 ID（gh_ 开头）")
        if wechat.token == fresh["token"]:
            missing.append("ZHUISU_WECHAT__TOKEN：填写服务器配置里的令牌")
        if wechat.aes_key == fresh["aes_key"]:
            missing.append("ZHUISU_WECHAT__AES_KEY：填写服务器配置里的 43 位消息加解密密钥")
        if wechat.mode is not CallbackMode.SAFE:
            missing.append("ZHUISU_WECHAT__MODE：请在公众平台改用安全模式（明文签名不覆盖正文，可被伪造）")
        if self.mini_program.app_id and not self.mini_program.app_secret.get_secret_value():
            missing.append("ZHUISU_MINI_PROGRAM__APP_SECRET：填写小程序的 AppSecret")
        if self.registries.base_url and urlsplit(self.registries.base_url).scheme != "https":
            missing.append("ZHUISU_REGISTRIES__BASE_URL：登记信息查询接口须为 https 地址")
        if self.registries.base_url and not self.registries.key.get_secret_value():
            missing.append("ZHUISU_REGISTRIES__KEY：填写登记信息查询接口的密钥")
        if self.verification_files is not None and not self.verification_files.is_dir():
            missing.append("ZHUISU_VERIFICATION_FILES：域名校验文件的文件夹不存在")
        if self.secret_key is None or len(self.secret_key.get_secret_value()) < 32:
            missing.append("ZHUISU_SECRET_KEY：设置不少于 32 个字符的签名密钥")
        if urlsplit(self.public_url).scheme != "https":
            missing.append("ZHUISU_PUBLIC_URL：填写已备案域名的 https 地址，用户收到的链接以它开头")
        if not self.database_url:
            missing.append("ZHUISU_DATABASE_URL：生产使用 PostgreSQL（postgres://…），SQLite 仅供单机试用")
        if not self.redis_url:
            missing.append("ZHUISU_REDIS_URL：多进程共用令牌、去重与会话状态需要 Redis")
        if self.certificate.key_file is None:
            missing.append("ZHUISU_CERTIFICATE__KEY_FILE：填写签发证书用的 PKCS#12 文件（.p12）；样例密钥不得用于生产")
        elif not self.certificate.key_file.is_file():
            missing.append(f"ZHUISU_CERTIFICATE__KEY_FILE：找不到文件 {self.certificate.key_file}")
        if self.statement_key_path is not None and not self.statement_key_path.is_file():
            missing.append(f"ZHUISU_STATEMENT_KEY_PATH：找不到文件 {self.statement_key_path}")
        if self.simulator.enabled:
            missing.append("ZHUISU_SIMULATOR__ENABLED：生产不得启用微信模拟器")
        return missing
