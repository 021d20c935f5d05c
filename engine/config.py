"""Settings: what can be set, in what bounds, and the defaults.

Owns the names and bounds of every setting; config.yaml says the unit and the reason of
each, and config_sources.py where their values come from. Settings are passed as an argument
and never imported; secrets come from the environment alone and are never shown.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Struct, field

from engine.wire import Role

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
AtLeastATick = Annotated[float, Meta(ge=0.05)]  # seconds, in fractions of them


class SettingsError(Exception):
    """Settings are unknown or ill: a line for each, which names it, the variable or the file
    and line it came from, and what it takes."""


class Section(Struct, forbid_unknown_fields=True, frozen=True):
    pass


class Server(Section, frozen=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 5000
    processes: Annotated[int, Meta(ge=1, le=64)] = 1
    name: Annotated[
        str,
        Meta(pattern=r"\A[A-Za-z0-9-]{0,32}\Z", description="up to 32 letters, digits and `-`"),
    ] = ""
    drain_s: Positive = 25
    ping_interval_s: AtLeastATick = 20
    ping_timeout_s: AtLeastATick = 15
    origins: list[str] = []
    embedders: list[
        Annotated[
            str,
            Meta(
                pattern=r"^https?://[A-Za-z0-9.*:-]+$",
                description="origins such as https://crm.example",
            ),
        ]
    ] = []


class Store(Section, frozen=True):
    url: str = ""
    data_dir: str = "var/store"
    fsync: Literal["everysec", "always"] = "everysec"
    connect_timeout_s: Positive = 10
    answer_timeout_s: Positive = 5
    probe_s: AtLeastATick = 2
    replicas_to_wait: Annotated[int, Meta(ge=0, le=100)] = 0
    replicas_wait_ms: Count = 1000
    connections: Count = 16
    refill_ms: Count = 1000

    def __repr__(self) -> str:
        """Without the address, which may hold a password."""
        return f"Store(url={'set' if self.url else 'embedded'}, data_dir={self.data_dir!r})"


class Tokens(Section, frozen=True):
    algorithm: Literal["HS256", "RS256", "ES256", "EdDSA"] = "HS256"
    public_key: str = ""
    jwks_url: str = ""
    jwks_refresh_s: Positive = 300
    jwks_stale_s: Annotated[float, Meta(ge=0)] = 86_400
    jwks_retry_s: Positive = 10
    jwks_timeout_s: Positive = 5
    issuer: str = ""
    audience: str = ""
    leeway_s: Annotated[float, Meta(ge=0, le=300)] = 10
    lifetime_s: Count = 28800
    expiring_s: Positive = 60
    agent_claim: Name = "sub"
    role_claim: Name = "role"
    tenant_claim: Name = "tenant"
    tenant_required: bool = False
    roles: dict[str, Role] = {}


class SignIn(Section, frozen=True):
    issuer: str = ""
    client_id: str = ""
    url: str = ""
    scopes: str = "openid profile email"
    algorithm: Literal["RS256", "ES256", "EdDSA"] = "RS256"
    token_s: Annotated[int, Meta(ge=30)] = 300
    session_s: Annotated[int, Meta(ge=60)] = 43_200
    confirm_s: Annotated[int, Meta(ge=1)] = 900


class Audit(Section, frozen=True):
    max_entries: Annotated[int, Meta(ge=100)] = 200_000
    retention_s: Count = 7_776_000


class CallLife(Section, frozen=True):
    retention_s: Count = 604_800
    retention_by_tenant: dict[str, Count] = {}
    max_events: Annotated[int, Meta(ge=10, le=1_000_000)] = 50_000
    late_grace_s: Annotated[float, Meta(ge=0)] = 30
    silent_s: Positive = 14_400
    sweep_s: Positive = 60
    early_subscribe_s: Positive = 60

    def retention_of(self, tenant: str) -> int:
        """Seconds that a tenant's calls are kept after their end."""
        return self.retention_by_tenant.get(tenant, self.retention_s)


class Actors(Section, frozen=True):
    call_mailbox: Count = 1024
    call_mailbox_durable: Count = 512
    agent_mailbox: Count = 256
    turn_messages: Count = 64
    turn_ms: Positive = 2
    passivate_s: Positive = 120
    lease_s: Annotated[float, Meta(ge=1)] = 12
    command_timeout_s: Positive = 5
    restarts_per_minute: Count = 3


class Limits(Section, frozen=True):
    max_connections: Count = 1000
    frame_bytes: Annotated[int, Meta(ge=1024)] = 1_000_000
    commands_per_s: Positive = 20
    commands_burst: Count = 40
    subscribes_per_s: Positive = 10
    pending_commands: Count = 64
    held_commands: Count = 32
    authenticate_s: Positive = 10
    calls_per_connection: Count = 100
    connections_per_agent: Count = 100
    agent_commands_per_s: Positive = 60
    agent_verdicts_per_s: Positive = 5
    agent_requests_per_s: Positive = 50
    producer_segments_per_s: Positive = 5000
    outlet_bytes: Annotated[int, Meta(ge=4096)] = 262_144
    slow_s: Positive = 30
    documents_per_tenant: Count = 100_000


class Assist(Section, frozen=True):
    debounce_ms: Annotated[int, Meta(ge=0)] = 250
    limit: Annotated[int, Meta(ge=1, le=20)] = 3
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.35
    workers: Count = 1
    slow_ms: Count = 1000
    after_call_s: Annotated[float, Meta(ge=0)] = 3


class Health(Section, frozen=True):
    silent_s: Positive = 30
    repeat_s: Positive = 30
    store_away_s: Positive = 2


class Endpoint(Section, frozen=True):
    """An OpenAI-compatible service; without a `base_url` there is none."""

    base_url: Annotated[
        str,
        Meta(
            pattern=r"\A(?:https?://[^\s/]\S*)?\Z",
            description="an address such as https://api.example.com/v1",
        ),
    ] = ""
    key: str = ""
    model: str = ""

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"{type(self).__name__}(base_url={self.base_url!r}, model={self.model!r})"


class Embedding(Endpoint, frozen=True):
    use: Literal["shipped", "endpoint", "none"] = "shipped"
    cache_dir: str = "var/model"
    dimensions: Annotated[int, Meta(ge=0, le=8192)] = 0
    batch: Annotated[int, Meta(ge=1, le=2048)] = 64
    timeout_s: Positive = 20
    query_timeout_s: Positive = 1
    retries: Annotated[int, Meta(ge=0, le=20)] = 4


class Chat(Endpoint, frozen=True):
    timeout_s: Positive = 2
    every_s: Positive = 5
    summary_timeout_s: Positive = 20
    tokens_per_day: Annotated[int, Meta(ge=0)] = 1_000_000


RedactionKind = Literal["card", "iban", "phone", "email", "national_id", "code", "digits"]


class Redaction(Section, frozen=True):
    kinds: list[RedactionKind] = field(default_factory=lambda: list(get_args(RedactionKind)))
    regions: list[
        Annotated[str, Meta(pattern="^[A-Z]{2}$", description="countries such as US")]
    ] = field(default_factory=lambda: ["US", "GB"])


class Development(Section, frozen=True):
    tokens: bool = False


SECRETS = ("jwt_secret", "sign_in_secret")


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """Everything that can be set. `jwt_secret` comes from JWT_SECRET only, and
    `sign_in_secret` from SIGN_IN_SECRET."""

    server: Server = field(default_factory=Server)
    store: Store = field(default_factory=Store)
    tokens: Tokens = field(default_factory=Tokens)
    sign_in: SignIn = field(default_factory=SignIn)
    audit: Audit = field(default_factory=Audit)
    call: CallLife = field(default_factory=CallLife)
    actors: Actors = field(default_factory=Actors)
    limits: Limits = field(default_factory=Limits)
    assist: Assist = field(default_factory=Assist)
    health: Health = field(default_factory=Health)
    embedding: Embedding = field(default_factory=Embedding)
    chat: Chat = field(default_factory=Chat)
    redaction: Redaction = field(default_factory=Redaction)
    development: Development = field(default_factory=Development)
    jwt_secret: str = ""
    sign_in_secret: str = ""

    def __repr__(self) -> str:
        """Without what is secret: settings get logged."""
        shown = msgspec.to_builtins(self)
        for name in SECRETS:
            shown[name] = "set" if getattr(self, name) else "not set"
        shown["store"]["url"] = "set" if self.store.url else "embedded"
        for section in ("embedding", "chat"):
            shown[section]["key"] = "set" if shown[section]["key"] else "not set"
        return f"Settings({shown})"
