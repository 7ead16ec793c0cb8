"""``ssl.SSLContext``: defaults, options, certificates, passwords and ciphers."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from tls import AUTHORITY, CERTIFICATES, LOCALHOST, client_context


def test_a_default_context_has_safe_settings() -> None:
    context = ssl.create_default_context()

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.maximum_version == ssl.TLSVersion.MAXIMUM_SUPPORTED
    assert context.options & ssl.OP_NO_COMPRESSION and context.options >= 0


def test_options_accepts_only_numbers_in_the_range_of_openssl() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    context.options = 0
    assert context.options & ~ssl.OP_NO_SSLv3 == 0
    with pytest.raises(TypeError):
        context.options = "abc"  # type: ignore[assignment]
    with pytest.raises(OverflowError):
        context.options = 1 << 100  # type: ignore[assignment]


def test_deprecated_protocols_and_versions_warn_with_the_file_of_the_caller() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    with pytest.warns(DeprecationWarning, match=r"ssl\.TLSVersion\.TLSv1_1 is deprecated") as versions:
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match=r"ssl\.PROTOCOL_TLS is deprecated") as protocols:
        ssl.SSLContext(ssl.PROTOCOL_TLS)
    with pytest.warns(DeprecationWarning, match="options are deprecated") as options:
        context.options |= ssl.OP_NO_TLSv1_2

    assert {warning.filename for warning in [*versions, *protocols, *options]} == {__file__}


def test_the_purposes_have_their_openssl_object_identifiers() -> None:
    assert ssl.Purpose.SERVER_AUTH.shortname == "serverAuth"
    assert ssl.Purpose.CLIENT_AUTH.nid == 130


def test_loaded_authorities_are_counted_and_listed_once() -> None:
    context = client_context()
    context.load_verify_locations(AUTHORITY)
    context.load_verify_locations(cadata=Path(LOCALHOST).read_text())

    assert context.cert_store_stats() == {"x509": 2, "x509_ca": 1, "crl": 0}
    (authority,) = context.get_ca_certs()
    assert authority["subject"] == ((("commonName", "cloaca test authority"),),)
    assert context.get_ca_certs(binary_form=True) == [ssl.PEM_cert_to_DER_cert(Path(AUTHORITY).read_text())]


@pytest.mark.parametrize("text", ["", "nothing here", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_readable_certificate_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.pem"
    path.write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    with pytest.raises(ssl.SSLError):
        context.load_verify_locations(path)
    with pytest.raises(ssl.SSLError, match="PEM lib"):
        context.load_cert_chain(path)


@pytest.mark.parametrize("password", ["secret", b"secret", bytearray(b"secret"), lambda: "secret", lambda: b"secret"])
def test_an_encrypted_key_is_loaded_with_its_password(password: Any) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(CERTIFICATES / "encrypted.pem", password=password)


@pytest.mark.parametrize(
    ("password", "error"),
    [("wrong", ssl.SSLError), (lambda: "wrong", ssl.SSLError), (True, TypeError), (lambda: 1, TypeError)]
    + [("x" * 2000, ValueError)],
)
def test_a_wrong_or_invalid_password_is_refused(password: Any, error: Any) -> None:
    with pytest.raises(error):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(CERTIFICATES / "encrypted.pem", password=password)


def test_the_password_function_is_called_only_for_an_encrypted_key() -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(LOCALHOST, password=lambda: 1 / 0)  # type: ignore[arg-type]


def test_ciphers_are_listed_with_details_and_an_unknown_cipher_is_refused() -> None:
    context = ssl.create_default_context()
    described = {cipher["name"]: cipher for cipher in context.get_ciphers()}

    cipher: Any = described["ECDHE-RSA-AES128-GCM-SHA256"]
    assert (cipher["protocol"], cipher["strength_bits"], cipher["kea"]) == ("TLSv1.2", 128, "kx-ecdhe")
    assert not any("PSK" in name or "RC4" in name for name in described)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    assert "ECDHE-RSA-AES256-GCM-SHA384" not in [cipher["name"] for cipher in context.get_ciphers()]
    with pytest.raises(ssl.SSLError, match="No cipher can be selected"):
        context.set_ciphers("no such cipher")


@pytest.mark.parametrize(("name", "error"), [("", ValueError), (".example.org", ValueError), ("a\0b", TypeError)])
def test_an_invalid_server_hostname_is_refused(name: str, error: Any) -> None:
    with pytest.raises(error):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)


def test_wrap_socket_returns_an_instance_of_sslsocket_class() -> None:
    class Socket(ssl.SSLSocket):
        pass

    context = client_context()
    context.sslsocket_class = Socket

    with context.wrap_socket(socket.socket(), server_hostname="localhost") as secured:
        assert isinstance(secured, Socket)
