"""``hashlib``: digests of OpenSSL, and keys derived from passwords."""

import gc
import hashlib
import hmac
import io
import pickle
import threading
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

#: Digests of the bytes "abc".
DIGESTS = {
    "ripemd160": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    "sha512_224": "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
    "sha512_256": "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
    "md5-sha1": "900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d",
}
#: Codes of the message "msg" with the key "key".
HMACS = {
    "ripemd160": "af9f1041c7727ee3161fdbda8821364fb888a0e2",
    "sm3": "aaef27f7826f0b502a7e3d787a7ac6ee15a4ce44e2631200df14c54bc4f57fa7",
    "sha512_256": "1a894d7213ab1c9a55dad1381fc2d0a0a442ab42a9a57b0289efae9f9427cdfb",
}

every_digest = pytest.mark.parametrize("name", DIGESTS)


@every_digest
def test_the_digests_of_openssl_are_available(name: str) -> None:
    digest = hashlib.new(name, b"abc")

    assert name in hashlib.algorithms_available
    assert digest.hexdigest() == DIGESTS[name]
    assert digest.digest() == bytes.fromhex(DIGESTS[name])
    assert (digest.name, digest.digest_size) == (name, len(DIGESTS[name]) // 2)
    assert digest.block_size == (128 if name.startswith("sha512") else 64)
    assert hashlib.new(name, b"abc", usedforsecurity=False).hexdigest() == DIGESTS[name]


@every_digest
def test_a_digest_can_be_updated_after_it_was_read_and_copied(name: str) -> None:
    digest = hashlib.new(name)
    digest.update(b"a")
    other = digest.copy()
    early = digest.hexdigest()
    digest.update(bytearray(b"b"))
    digest.update(memoryview(b"c"))
    other.update(b"bc")

    assert digest.hexdigest() == digest.hexdigest() == other.hexdigest() == DIGESTS[name]
    assert early == hashlib.new(name, b"a").hexdigest() != DIGESTS[name]


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("RIPEMD160", "ripemd160"),
        ("rmd160", "ripemd160"),
        ("SHA512-256", "sha512_256"),
        ("sha512-224", "sha512_224"),
        ("SHA-256", "sha256"),
        ("sha3-256", "sha3_256"),
        ("blake2b512", "blake2b"),
    ],
)
def test_the_aliases_of_openssl_digest_names_are_accepted(alias: str, name: str) -> None:
    assert hashlib.new(alias, b"abc").hexdigest() == hashlib.new(name, b"abc").hexdigest()
    assert hashlib.new(alias).name == name


def test_a_digest_of_5_mb_equals_the_digest_of_its_pieces() -> None:
    data = bytes(range(256)) * 20_000
    pieces = hashlib.new("sm3")
    for start in range(0, len(data), 999_983):
        pieces.update(data[start : start + 999_983])

    assert pieces.digest() == hashlib.new("sm3", data).digest()


@pytest.mark.skipif(not hasattr(hashlib, "file_digest"), reason="file_digest is new in Python 3.11")
def test_file_digest_returns_the_digest_of_a_file(tmp_path: Path) -> None:
    data = b"abcdefgh" * 100_000
    (tmp_path / "data").write_bytes(data)
    with open(tmp_path / "data", "rb") as file:
        of_file = hashlib.file_digest(file, "ripemd160").hexdigest()  # type: ignore[attr-defined]
    of_bytes = hashlib.file_digest(io.BytesIO(data), "ripemd160").hexdigest()  # type: ignore[attr-defined]

    assert of_file == of_bytes == hashlib.new("ripemd160", data).hexdigest()


@pytest.mark.parametrize("name", HMACS)
def test_hmac_works_with_the_digests_of_openssl(name: str) -> None:
    code = hmac.new(b"key", b"m", name)
    code.update(b"sg")

    assert code.copy().hexdigest() == code.hexdigest() == hmac.digest(b"key", b"msg", name).hex() == HMACS[name]
    assert code.name == f"hmac-{name}"
    assert hmac.new(b"key", b"msg", lambda data=b"": hashlib.new(name, data)).hexdigest() == HMACS[name]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: hashlib.new("nope"), ValueError),
        (lambda: hashlib.new("md4"), ValueError),
        (lambda: hashlib.new(""), ValueError),
        (lambda: hashlib.new(b"sm3"), TypeError),  # type: ignore[arg-type]
        (lambda: hashlib.new("sm3", "text"), TypeError),  # type: ignore[arg-type]
        (lambda: hashlib.new("sm3").update("text"), TypeError),  # type: ignore[arg-type]
        (lambda: hashlib.new("sm3").update(5), TypeError),  # type: ignore[arg-type]
        (lambda: hashlib.new("sm3").update(memoryview(b"abcdef")[::2]), BufferError),
        (lambda: hashlib.new("sm3", b"x", nope=1), TypeError),  # type: ignore[call-arg]
        (lambda: pickle.dumps(hashlib.new("sm3")), TypeError),
        (lambda: type(hashlib.new("sm3"))(), TypeError),
        (lambda: setattr(hashlib.new("sm3"), "name", "x"), AttributeError),
    ],
)
def test_invalid_digest_names_and_data_are_refused(call: Callable[[], Any], error: type) -> None:
    with pytest.raises(error):
        call()


def test_pbkdf2_hmac_derives_the_known_keys() -> None:
    derive = hashlib.pbkdf2_hmac

    assert derive("sha256", b"password", b"salt", 1000).hex() == (
        "632c2812e46d4604102ba7618e9d6d7d2f8128f6266b4a03264d2a0460b7dcb3"
    )
    assert derive("sha512", b"password", b"salt", 1000, dklen=20).hex() == "afe6c5530785b6cc6b1c6453384731bd5ee432ee"
    assert derive("md5", bytearray(b"password"), memoryview(b"salt"), 1).hex() == "f31afb6d931392daa5e3130f47f9a9b6"
    assert derive("sha1", b"", b"", 1, None).hex() == "1e437a1c79d75be61e91141dae20affc4892cc99"
    assert derive("SHA512_256", b"password", b"salt", 1).hex() == (
        "4b6a63117d3ec0032624616082c1c1912f56fa5f0c1f94574d515e20e5ddd74a"
    )
    assert derive(hash_name="sha3_256", password=b"password", salt=b"salt", iterations=1, dklen=4).hex() == "94613f3e"
    assert derive("blake2b", b"a", b"b", 1, 4).hex() == "d89d10e3"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nope", b"password", b"salt", 1), ValueError),
        (("shake_128", b"password", b"salt", 1), ValueError),
        ((b"sha1", b"password", b"salt", 1), TypeError),
        (("sha1", "password", b"salt", 1), TypeError),
        (("sha1", b"password", "salt", 1), TypeError),
        (("sha1", b"password", b"salt", 1.5), TypeError),
        (("sha1", b"password", b"salt"), TypeError),
        (("sha1", b"password", b"salt", 0), ValueError),
        (("sha1", b"password", b"salt", 1, 0), ValueError),
        (("sha1", b"password", b"salt", 1 << 40), OverflowError),
        (("sha1", b"password", b"salt", 1, 1 << 40), OverflowError),
    ],
)
def test_pbkdf2_hmac_refuses_invalid_arguments(arguments: Any, error: type) -> None:
    with pytest.raises(error):
        hashlib.pbkdf2_hmac(*arguments)


def test_scrypt_derives_the_keys_of_rfc_7914() -> None:
    # Test vectors of RFC 7914.
    assert hashlib.scrypt(b"", salt=b"", n=16, r=1, p=1).hex().startswith("77d6576238657b203b19ca42c18a0497")
    key = hashlib.scrypt(b"password", salt=b"NaCl", n=1024, r=8, p=16, maxmem=2**26, dklen=64)
    assert key.hex().startswith("fdbabe1c9d3472007856e7190d01e9fe") and len(key) == 64


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"n": 15}, ValueError),
        ({"n": 1}, ValueError),
        ({"n": -2}, (TypeError, ValueError)),
        ({"n": "2"}, TypeError),
        ({"n": 2.0}, TypeError),
        ({"r": 0}, ValueError),
        ({"p": 0}, ValueError),
        ({"r": None}, TypeError),
        ({"r": 1 << 40}, ValueError),
        ({"n": 2**20}, ValueError),
        ({"maxmem": 1}, ValueError),
        ({"maxmem": -1}, ValueError),
        ({"maxmem": 2**31}, ValueError),
        ({"dklen": 0}, ValueError),
        ({"dklen": 1 << 40}, ValueError),
        ({"salt": "text"}, TypeError),
        ({"salt": None}, TypeError),
    ],
)
def test_scrypt_refuses_invalid_arguments(changes: Dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        hashlib.scrypt(b"password", **{"salt": b"salt", "n": 2, "r": 8, "p": 1, **changes})


def test_a_refused_scrypt_call_raises_the_error_text_of_openssl() -> None:
    with pytest.raises(ValueError, match=r"^\[digital envelope routines\] memory limit exceeded"):
        hashlib.scrypt(b"password", salt=b"salt", n=2**20, r=8, p=1)


def test_other_threads_run_while_a_key_is_derived() -> None:
    from cloaca._border import bridge

    if not bridge.has_engine():
        pytest.skip("CPython leaves this to the scheduler of the system")
    may_run, has_run = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: may_run.wait() and has_run.set())
    thread.start()
    may_run.set()
    assert not has_run.is_set()
    hashlib.pbkdf2_hmac("sha512", b"password", b"salt", 50_000)

    assert has_run.is_set()
    thread.join()


def test_a_garbage_collected_digest_is_released_in_the_host() -> None:
    from cloaca._border import bridge, host

    if not bridge.has_engine():
        pytest.skip("tests the host of the engine's Python")
    from cloaca._border import javascript

    digest = hashlib.new("sm3", b"abc")
    number = digest._number  # type: ignore[attr-defined]
    del digest
    gc.collect()

    with pytest.raises(Exception, match="no longer exists"):
        host.hashes.update(number, javascript.bytes_of(b""))
