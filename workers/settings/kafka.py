"""How Kafka is reached, and the names of the topics: `[kafka]` and `[topics]`."""

import re
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, model_validator

from workers.settings.address import host_and_port

#: What Kafka allows in the name of a topic, and how long it may be (its class `Topic`); groups are held to it too.
KAFKA_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")


def _kafka_name(name: str) -> str:
    if not KAFKA_NAME.fullmatch(name):
        raise ValueError("must have 1 to 249 letters a-z, A-Z, digits, '.', '_' and '-'")
    return name


def _beside_the_configuration(name: str | None, info: ValidationInfo) -> str | None:
    """A path, seen from the folder of the configuration file (which the loader hands in as context)."""
    folder = (info.context or {}).get("folder")
    return name if name is None or folder is None else str(Path(folder, name))


def _server(address: str) -> str:
    host_and_port(address)
    return address


Server = Annotated[str, AfterValidator(_server)]
KafkaName = Annotated[str, AfterValidator(_kafka_name)]
PemFile = Annotated[str | None, AfterValidator(_beside_the_configuration)]


class TlsSettings(BaseModel):
    """`[kafka.tls]`: an empty table means TLS with the certificate authorities of the system."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    ca_file: PemFile = Field(
        None, description="Certificate authorities (PEM) of the brokers' certificates. Default: the system's."
    )
    cert_file: PemFile = Field(
        None, description="Client certificate (PEM), where the brokers ask for one; it may hold its key too."
    )
    key_file: PemFile = Field(
        None, description="Private key (PEM, not encrypted) of `cert_file`, where it is a file of its own."
    )

    def context(self) -> ssl.SSLContext:
        """The TLS context of all connections to Kafka. Raises OSError (ssl.SSLError is one) and ValueError."""
        if self.key_file and not self.cert_file:
            raise ValueError("key_file needs a cert_file")
        return _context(self.ca_file, self.cert_file, self.key_file)


@lru_cache(maxsize=8)  # reading the system's certificate authorities costs 20 ms, and every client asks
def _context(ca_file: str | None, cert_file: str | None, key_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if cert_file:
        context.load_cert_chain(cert_file, key_file, password=_no_password)
    return context


def _no_password() -> str:
    # Without a callback OpenSSL would ask the terminal, and a worker would wait there for ever.
    raise ValueError("the private key is encrypted: give one without a password")


class SaslSettings(BaseModel):
    """`[kafka.sasl]`: who this worker is to the brokers."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the password is proved. PLAIN sends it, so it wants `[kafka.tls]`."
    )
    username: Annotated[str, Field(min_length=1)] = Field(description="Name of the Kafka user.")
    password: SecretStr = Field(description="Password of the Kafka user.")


class KafkaSettings(BaseModel):
    """`[kafka]`: the brokers, the consumer group and the shape of the topics."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bootstrap_servers: Annotated[tuple[Server, ...], Field(min_length=1)] = Field(
        ("localhost:9092",), description="Brokers to ask first, each `host:port`."
    )
    group: KafkaName = Field(
        "afluente",
        description="Consumer group of the workers; their transactional ids begin with it (`<group>-<shard>`).",
    )
    session_timeout_seconds: Annotated[int, Field(ge=6, le=300)] = Field(
        15,
        description="Seconds without a heartbeat after which a worker counts as dead: its shards move within "
        "this + 3 s. Brokers refuse less than 6 unless they are told otherwise.",
    )
    shards: Annotated[int, Field(ge=1, le=1000)] = Field(
        12, description="Partitions of each of the four topics. It cannot be changed once the topics exist."
    )
    replication_factor: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="Copies of each partition when topics are created; 3 is usual in production."
    )
    create_topics: bool = Field(
        True, description="Whether `afluente run` creates missing topics. Existing ones are never changed."
    )
    tls: TlsSettings | None = Field(None, description="TLS to the brokers; see `[kafka.tls]`.")
    sasl: SaslSettings | None = Field(None, description="Authentication at the brokers; see `[kafka.sasl]`.")

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments that all aiokafka clients of this process share. Raises as `TlsSettings.context`."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "client_id": "afluente",
            "security_protocol": self.security_protocol,
        }
        if self.tls is not None:
            options["ssl_context"] = self.tls.context()
        if self.sasl is not None:
            options["sasl_mechanism"] = self.sasl.mechanism
            options["sasl_plain_username"] = self.sasl.username
            options["sasl_plain_password"] = self.sasl.password.get_secret_value()
        return options

    @property
    def security_protocol(self) -> str:
        """Kafka's word for what `tls` and `sasl` make together."""
        if self.sasl is None:
            return "PLAINTEXT" if self.tls is None else "SSL"
        return "SASL_PLAINTEXT" if self.tls is None else "SASL_SSL"

    def secrets(self) -> tuple[str, ...]:
        """The credentials towards Kafka, in the clear: for removal from texts."""
        return () if self.sasl is None else (self.sasl.password.get_secret_value(),)


class TopicNames(BaseModel):
    """`[topics]`: the names of the four topics."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    messages: KafkaName = Field("afluente.messages", description="Events.")
    feeds: KafkaName = Field("afluente.feeds", description="Feed definitions (compacted): who is polled.")
    cursors: KafkaName = Field("afluente.cursors", description="Cursors (compacted): what has been published.")
    dead_letters: KafkaName = Field("afluente.dead-letters", description="What could not be normalised.")

    @model_validator(mode="after")
    def _four_topics(self) -> "TopicNames":
        # Kafka refuses names that differ only in '.' and '_': their metrics would collide.
        names = (self.messages, self.feeds, self.cursors, self.dead_letters)
        if len({name.replace(".", "_") for name in names}) < len(names):
            raise ValueError("must be four different names ('.' and '_' count as the same)")
        return self
