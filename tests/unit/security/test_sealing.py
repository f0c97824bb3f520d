"""Keys and sealed values."""

from __future__ import annotations

import json
import stat

import pytest

from cardioalert.errors import KeyFileError, SealedDataError
from cardioalert.security import keys
from cardioalert.security.sealing import Place, Vault, seal, unseal

KEY = bytes(range(32))
HERE = Place("patient", "name", "p1")


def test_a_value_opens_in_its_place_only():
    sealed = seal(KEY, b"Aziza", HERE)
    assert unseal(KEY, sealed, HERE) == b"Aziza"
    for other in (
        Place("patient", "name", "p2"),
        Place("patient", "phone", "p1"),
        Place("x", "name", "p1"),
    ):
        with pytest.raises(SealedDataError):
            unseal(KEY, sealed, other)


def test_parts_of_a_place_cannot_be_shifted():
    assert Place("ab", "c", "d").binding() != Place("a", "bc", "d").binding()


def test_damage_and_another_key_are_noticed():
    sealed = seal(KEY, b"Aziza", HERE)
    for wrong in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", b"\x02" + sealed[1:]):
        with pytest.raises(SealedDataError):
            unseal(KEY, wrong, HERE)
    with pytest.raises(SealedDataError):
        unseal(bytes(32), sealed, HERE)


def test_no_nonce_comes_twice():
    assert len({seal(KEY, b"x", HERE)[1:13] for _ in range(2000)}) == 2000


def test_rotation_keeps_old_values_readable_and_wraps_them_anew(tmp_path):
    path = tmp_path / "keys.json"
    vault = Vault(keys.create(path))
    wrapped = vault.new_data_key("p1")
    clear = vault.data_key(wrapped, "p1")
    later = Vault(keys.rotate(path, "encryption"))
    assert not later.is_current(wrapped)
    anew = later.rewrap(wrapped, "p1")
    assert later.is_current(anew)
    assert later.data_key(anew, "p1") == clear
    with pytest.raises(SealedDataError):
        later.data_key(anew, "p2")
    with pytest.raises(SealedDataError, match="erased"):
        later.data_key(None, "p1")
    with pytest.raises(KeyFileError):
        keys.rotate(path, "index")


def test_blind_indexes():
    vault, other = Vault(keys.new_keyring()), Vault(keys.new_keyring())
    assert vault.index("phone", "+998901234567") == vault.index("phone", "+998901234567")
    assert vault.index("phone", "1") != vault.index("pinfl", "1")
    assert vault.index("phone", "1") != other.index("phone", "1")


def test_the_key_file_is_its_owners_only_and_never_overwritten(tmp_path):
    path = tmp_path / "keys.json"
    ring = keys.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.load_or_create(path) == ring
    with pytest.raises(KeyFileError, match="exists"):
        keys.create(path)
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="others"):
        keys.load(path)


@pytest.mark.parametrize("key", ["AAAA", "A" * 43 + "=", "not base64!"])
def test_short_and_guessable_keys_are_refused(tmp_path, key):
    path = tmp_path / "keys.json"
    keys.create(path)
    document = json.loads(path.read_text())
    document["token"]["keys"] = {"token-1": key}
    path.write_text(json.dumps(document))
    with pytest.raises(KeyFileError, match="damaged"):
        keys.load(path)
    with pytest.raises(KeyFileError, match="missing"):
        keys.load(tmp_path / "none")
