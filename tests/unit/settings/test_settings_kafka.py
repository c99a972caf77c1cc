"""What the settings of Kafka make of themselves for the clients."""

import ssl
import subprocess

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import ValidationError

from workers.settings.address import host_and_port
from workers.settings.kafka import KafkaSettings, SaslSettings, TlsSettings, TopicNames


def test_a_plain_broker_needs_only_its_address():
    assert KafkaSettings(bootstrap_servers=["127.0.0.1:9092"]).client_options() == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "client_id": "afluente",
        "security_protocol": "PLAINTEXT",
    }


def test_tls_and_sasl_together_are_options_that_a_client_takes():
    # Given
    sasl = SaslSettings(username="u", password="secret")
    options = KafkaSettings(tls=TlsSettings(), sasl=sasl).client_options()
    # Then
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["sasl_plain_password"] == "secret"
    assert options["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert options["ssl_context"].check_hostname
    assert "secret" not in repr(sasl)


@pytest.mark.parametrize(
    ("tls", "sasl", "protocol"),
    [(False, False, "PLAINTEXT"), (True, False, "SSL"), (False, True, "SASL_PLAINTEXT"), (True, True, "SASL_SSL")],
)
async def test_the_security_protocol_is_one_that_aiokafka_accepts(tls, sasl, protocol):
    # Given
    settings = KafkaSettings(
        tls=TlsSettings() if tls else None, sasl=SaslSettings(username="u", password="p") if sasl else None
    )
    # When
    options = settings.client_options()
    # Then
    assert options["security_protocol"] == protocol
    producer = AIOKafkaProducer(**options)
    await producer.stop()


def test_all_clients_share_one_tls_context():
    assert TlsSettings().context() is TlsSettings().context()


def test_a_key_without_a_certificate_is_refused():
    with pytest.raises(ValueError, match="key_file needs a cert_file"):
        TlsSettings(key_file="k.pem").context()


@pytest.fixture
def pem(tmp_path):
    """A certificate, its key, and its key encrypted, made by openssl."""
    arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "1"]
    paths = {name: tmp_path / f"{name}.pem" for name in ("cert", "key", "locked")}
    make = ["openssl", *arguments, "-keyout", paths["key"], "-out", paths["cert"]]
    lock = ["openssl", "rsa", "-aes128", "-passout", "pass:pw12", "-in", paths["key"], "-out", paths["locked"]]
    try:
        for command in (make, lock):
            subprocess.run(command, check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no openssl here to make a certificate with")
    return paths


def test_a_client_certificate_is_loaded_and_an_encrypted_key_refused_without_asking(pem, problems, loaded):
    # Given
    def text(key: str) -> str:
        return f'[kafka.tls]\nca_file = "cert.pem"\ncert_file = "{pem["cert"]}"\nkey_file = "{key}.pem"'

    # When, Then: names are seen from the folder of the configuration
    assert loaded(text("key")).kafka.tls.key_file == str(pem["key"])
    assert problems(text("locked")) == [
        "kafka.tls: cannot be used: the private key is encrypted: give one without a password"
    ]
    assert problems(text("cert"))[0].startswith("kafka.tls: cannot be used: [SSL]")


def test_files_of_tls_that_are_missing_are_each_told(problems, tmp_path):
    told = problems('[kafka.tls]\nca_file = "a.pem"\ncert_file = "b.pem"')
    assert told == [
        f'kafka.tls.ca_file = "{tmp_path}/a.pem": cannot be read: No such file or directory',
        f'kafka.tls.cert_file = "{tmp_path}/b.pem": cannot be read: No such file or directory',
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [("localhost:9092", ("localhost", 9092)), ("[::1]:1", ("::1", 1)), ("10.0.0.1:65535", ("10.0.0.1", 65535))],
)
def test_an_address_is_host_and_port(text, parts):
    assert host_and_port(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "h", ":1", "h:", "h:0", "h:65536", "h:+1", "h:1x", "::1:1", "http://h:1", "a b:1", "u@h:1", "h:٣", "h:9" * 99],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="must"):
        host_and_port(text)


def test_the_default_topics_are_the_contracts():
    assert TopicNames().model_dump() == {
        "messages": "afluente.messages",
        "feeds": "afluente.feeds",
        "cursors": "afluente.cursors",
        "dead_letters": "afluente.dead-letters",
    }


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        KafkaSettings().shards = 3
