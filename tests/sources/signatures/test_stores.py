"""Trust stores on disk: a doubtful one is not used, and says why (trust-store-trust-policy.md, trust store; notation-go)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sources.signatures.cases import policy
from tests.sources.signatures.signer import NOW, ca, issue, key, signer, stamping, usual
from tui.sources.signatures.stores import read_store, read_stores
from tui.verification.notation.policy import StoreType

PEM = Encoding.PEM


@pytest.fixture
def store(tmp_path: Path) -> Path:
    found = tmp_path / "truststore" / "x509" / "ca" / "c"
    found.mkdir(parents=True)
    return found


def fault_of(store: Path, kind: StoreType = StoreType.CA) -> str:
    return read_store(store.parents[3], kind, "c", NOW).fault


def test_pem_bundles_and_der_are_read(store: Path) -> None:
    (store / "a.der").write_bytes(usual().root)
    both = [usual().chain[-1], stamping().chain[-1]]
    (store / "b.pem").write_bytes(b"# roots\n" + b"".join(one.public_bytes(PEM) for one in both))
    found = read_store(store.parents[3], StoreType.CA, "c", NOW)
    (store / "c.der").write_bytes(usual().root * 2)
    found = read_store(store.parents[3], StoreType.CA, "c", NOW)
    assert (found.fault, len(found.certificates), found.notes) == ("", 5, ())


def test_a_leaf_is_refused_and_a_self_signed_signer_is_not(store: Path) -> None:
    (store / "leaf.der").write_bytes(usual().ders[0])
    assert "neither a CA nor self-signed" in fault_of(store)
    alone = ca("alone", key(), ca=False, usage=("digital_signature",))
    (store / "leaf.der").write_bytes(issue(alone, alone).public_bytes(Encoding.DER))
    assert fault_of(store) == ""


def test_a_tsa_store_holds_roots_only(tmp_path: Path) -> None:
    store = tmp_path / "truststore" / "x509" / "tsa" / "c"
    store.mkdir(parents=True)
    middle = issue(ca("middle", key("ES256", "middle")), ca("top", key("ES256", "top")))
    (store / "middle.der").write_bytes(middle.public_bytes(Encoding.DER))
    assert "is not a root CA" in fault_of(store, StoreType.TSA)


def test_an_expired_root_stays_with_a_note(store: Path) -> None:
    old = signer(root={"not_after": NOW - timedelta(days=1)})
    (store / "old.der").write_bytes(old.root)
    found = read_store(store.parents[3], StoreType.CA, "c", NOW)
    assert not found.fault
    assert found.notes[0].startswith("CN=Contoso Root,O=Contoso,ST=WA,C=US expired ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "other holds no certificate"),
        (b"\x30", "cannot be used"),
        (b"\x30\x82\xff\xff", "not a certificate"),
        (b"junk", "cannot be used"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
        (
            usual().chain[-1].public_bytes(PEM) + b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "not a certificate",
        ),
        (b"0" * (2 << 20), "too large"),
    ],
)
def test_a_file_that_is_no_certificate_spoils_the_store(store: Path, content: bytes, words: str) -> None:
    (store / "good.der").write_bytes(usual().root)
    (store / "other").write_bytes(content)
    assert words in fault_of(store)


def test_links_folders_and_strangers_are_refused(store: Path, tmp_path: Path) -> None:
    (tmp_path / "root.der").write_bytes(usual().root)
    (store / "link.der").symlink_to(tmp_path / "root.der")
    assert "not a regular file" in fault_of(store)
    (store / "link.der").unlink()
    (store / "folder").mkdir()
    assert "not a regular file" in fault_of(store)
    (store / "folder").rmdir()
    assert "holds no certificate" in fault_of(store)
    (store / "root.der").write_bytes(usual().root)
    (store / "root.der").chmod(0o666)
    assert "everyone may write root.der" in fault_of(store)
    (store / "root.der").chmod(0o644)
    store.chmod(0o777)
    assert "everyone may write c" in fault_of(store)
    store.chmod(0o755)
    assert fault_of(store) == ""


def test_a_linked_store_is_refused(store: Path) -> None:
    store.rename(store.with_name("real"))
    store.symlink_to(store.with_name("real"))
    assert "not a directory" in fault_of(store)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_store_that_may_not_be_read_says_so(store: Path) -> None:
    (store / "root.der").write_bytes(usual().root)
    (store / "root.der").chmod(0)
    assert "no permission to read" in fault_of(store)


def test_stores_that_the_policy_names_are_read_and_others_do_not_exist(store: Path) -> None:
    (store / "root.der").write_bytes(usual().root)
    found = read_stores(store.parents[3], policy(trustStores=["ca:c", "ca:d"]), NOW)
    assert found.get(StoreType.CA, "c").certificates == (usual().root,)
    assert found.get(StoreType.CA, "d").fault == "the trust store ca:d does not exist"
    assert found.get(StoreType.TSA, "c").fault
    assert x509.load_der_x509_certificate(found.get(StoreType.CA, "c").certificates[0]).subject
