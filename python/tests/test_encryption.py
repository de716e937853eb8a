"""TLS between the clients and a real service."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from both import BOTH, Either
from conftest import CERTIFICATES, Service, trusting

from semblance import CacheError, Client, Configuration, Insertion

BOTH_CLIENTS = pytest.mark.parametrize("client_of", list(BOTH.values()), ids=list(BOTH))


def refusal(client_of: Either, address: str, configuration: Configuration) -> CacheError:
    with client_of(address, configuration) as client, pytest.raises(CacheError) as caught:
        client.ping()
    assert caught.value.code == "connection-failed"
    return caught.value


@BOTH_CLIENTS
@pytest.mark.parametrize("name", [None, "cache.test", "localhost"])
def test_a_certificate_is_checked_for_a_name_or_the_host(
    client_of: Either, encrypted_service: Service, name: str | None
) -> None:
    with client_of(encrypted_service.network, Configuration(tls=trusting(), tls_server_name=name)) as client:
        assert client.ping() > 0


@BOTH_CLIENTS
def test_what_is_said_of_tls_does_not_concern_a_unix_socket(client_of: Either, encrypted_service: Service) -> None:
    with client_of(encrypted_service.unix, Configuration(tls=trusting())) as client:
        assert client.ping() > 0


@BOTH_CLIENTS
@pytest.mark.parametrize(
    ("authority", "name", "reason"),
    [("authority.pem", "other.test", "other-name"), ("stranger.pem", None, "untrusted")],
)
def test_a_service_that_cannot_prove_who_it_is_hears_nothing(
    client_of: Either, encrypted_service: Service, authority: str, name: str | None, reason: str
) -> None:
    configuration = Configuration(tls=trusting(authority), tls_server_name=name, token="geheim", attempt_limit=1)
    error = refusal(client_of, encrypted_service.network, configuration)
    assert error.detail["tls"] == reason
    assert "cert" in error.detail["cause"].lower()


@BOTH_CLIENTS
def test_where_one_side_speaks_tls_and_the_other_does_not_the_client_is_told(
    client_of: Either, service: Service, encrypted_service: Service
) -> None:
    encrypted = refusal(client_of, service.network, Configuration(tls=trusting(), attempt_limit=1))
    assert encrypted.detail["tls"] == "plaintext"
    plain = refusal(client_of, encrypted_service.network, Configuration(attempt_limit=1))
    assert plain.detail["tls"] == "encrypted"


@BOTH_CLIENTS
def test_many_requests_and_long_answers_pass(client_of: Either, encrypted_service: Service) -> None:
    with client_of(encrypted_service.network, Configuration(tls=trusting())) as client:
        payload = "x" * (1 << 20)
        number = client.insert("long", Insertion(payload, key=1))
        for _ in range(10):
            assert client.entry("long", number).text == payload


def test_older_versions_are_not_spoken(encrypted_service: Service) -> None:
    context = trusting()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    error = refusal(BOTH["blocking"], encrypted_service.network, Configuration(tls=context, attempt_limit=1))
    assert error.detail["tls"] == "handshake"


def test_the_environment_says_as_much_as_to_the_command_line(encrypted_service: Service) -> None:
    authority = str(CERTIFICATES / "authority.pem")
    client = {
        "SEMBLANCE_TLS_CLIENT_CERTIFICATE": str(CERTIFICATES / "client.pem"),
        "SEMBLANCE_TLS_CLIENT_KEY": str(CERTIFICATES / "client.key"),
    }
    for variables in ({"SEMBLANCE_TLS": "on"}, {"SEMBLANCE_TLS_SERVER_NAME": "cache.test"}, client):
        assert Configuration.from_environment(variables).tls is not None
    for variables in ({}, {"SEMBLANCE_TLS": ""}, {"SEMBLANCE_TLS": "off", "SEMBLANCE_TLS_CA": authority}):
        assert Configuration.from_environment(variables).tls is None
    variables = {"SEMBLANCE_TLS_CA": authority, "SEMBLANCE_TLS_SERVER_NAME": "cache.test", "SEMBLANCE_TOKEN": "geheim"}
    configuration = Configuration.from_environment(variables, client_name="test")
    assert (configuration.token, configuration.tls_server_name) == ("geheim", "cache.test")
    with Client(encrypted_service.network, configuration) as cache:
        assert cache.ping() > 0


def test_the_environment_names_a_file_with_the_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" geheim\n")
    variables = {"SEMBLANCE_TOKEN_FILE": str(file)}
    assert Configuration.from_environment(variables).token == b"geheim"
    assert Configuration.from_environment(variables | {"SEMBLANCE_TOKEN": "other"}).token == "other"
    for content in ("", " \n", "two words", "long" * 200):
        file.write_text(content)
        with pytest.raises(CacheError) as caught:
            Configuration.from_environment(variables)
        assert caught.value.detail["field"] == "SEMBLANCE_TOKEN_FILE"
        assert not content.strip() or content not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"SEMBLANCE_TLS": "yes"}, "SEMBLANCE_TLS"),
        ({"SEMBLANCE_TOKEN_FILE": "/nowhere"}, "SEMBLANCE_TOKEN_FILE"),
        ({"SEMBLANCE_TOKEN_FILE": "smbl_secret"}, "SEMBLANCE_TOKEN_FILE"),
        ({"SEMBLANCE_TLS_CA": "/nowhere.pem"}, "SEMBLANCE_TLS_CA"),
        ({"SEMBLANCE_TLS_CLIENT_KEY": "key.pem"}, "SEMBLANCE_TLS_CLIENT_CERTIFICATE"),
        (
            {"SEMBLANCE_TLS_CLIENT_KEY": "/nowhere", "SEMBLANCE_TLS_CLIENT_CERTIFICATE": "/nowhere"},
            "SEMBLANCE_TLS_CLIENT_CERTIFICATE",
        ),
    ],
)
def test_what_the_environment_gets_wrong_is_named(variables: dict[str, str], field: str) -> None:
    with pytest.raises(CacheError) as caught:
        Configuration.from_environment(variables)
    assert caught.value.code == "invalid-configuration"
    assert caught.value.detail["field"] == field
