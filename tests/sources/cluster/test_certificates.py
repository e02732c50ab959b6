"""Certificates of a kubeconfig's entries: what is written counts before files, and nothing falls back to other authorities."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.sources.cluster.apiserver import ApiServer, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tests.sources.cluster.test_bad_days import Authority, data, server_tls
from tui.domain.facts.events import SourceState
from tui.errors import InvalidConfig
from tui.sources.cluster import ClusterSource
from tui.sources.cluster.access import find_place, open_access
from tui.sources.cluster.certificates import Certificates, read_certificates
from tui.sources.cluster.entries import ClusterEntry, UserEntry
from tui.sources.cluster.execplugin import ExecCredential

OURS = Authority("ours")


def test_what_is_written_down_counts_before_a_file(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(Authority("theirs").pem)
    entry = ClusterEntry(certificate_authority=str(tmp_path / "ca.crt"), certificate_authority_data=data(OURS.pem))
    assert read_certificates(entry, UserEntry(), None).authority == OURS.pem


def test_the_certificate_of_a_plugin_counts_before_the_users(tmp_path: Path) -> None:
    user = UserEntry(client_certificate_data=data(b"old"), client_key_data=data(b"old key"))
    read = read_certificates(ClusterEntry(), user, ExecCredential(client_certificate_data="new", client_key_data="new key"))
    assert (read.certificate, read.key) == (b"new", b"new key")


@pytest.mark.parametrize("content", [b"", b"a" * (1 << 20) + b"b"])
def test_a_file_that_holds_no_authority_is_refused_and_never_stands_for_the_systems(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.crt").write_bytes(content)
    with pytest.raises(InvalidConfig):
        read_certificates(ClusterEntry(certificate_authority=str(tmp_path / "ca.crt")), UserEntry(), None)


@pytest.mark.parametrize("text", ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_an_authority_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    settings = options(
        write_kubeconfig(tmp_path, "https://127.0.0.1:1", cluster={"certificate-authority-data": data(text.encode())})
    )
    with pytest.raises(InvalidConfig, match="cannot be read"):
        await open_access(find_place(settings), settings)


def test_a_bundle_with_remarks_names_all_its_authorities() -> None:
    bundle = "# für uns\n".encode() + OURS.pem + b"\nand another\n" + Authority("second").pem
    assert len(Certificates(bundle).context(verify=True).get_ca_certs()) == 2


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
async def test_the_named_authority_counts_however_the_address_is_written(tmp_path: Path, scheme: str) -> None:
    server = ApiServer()
    async with server.running(server_tls(tmp_path, OURS)):
        url = server.url.replace("https", scheme)
        path = write_kubeconfig(tmp_path, url, cluster={"certificate-authority-data": data(OURS.pem)})
        await until_health(ClusterSource(options(path)), lambda health: health.live)
        foreign = write_kubeconfig(tmp_path, url, cluster={"certificate-authority-data": data(Authority("theirs").pem)})
        await until_health(ClusterSource(options(foreign)), lambda health: health.state is SourceState.FAILED)


async def test_where_nothing_is_encrypted_no_certificate_is_read(tmp_path: Path) -> None:
    settings = options(
        write_kubeconfig(
            tmp_path, "http://127.0.0.1:1", {"client-certificate": "none.crt"}, cluster={"certificate-authority": "no"}
        )
    )
    assert (await open_access(find_place(settings), settings)).tls is None


async def test_connections_are_made_anew_when_a_certificate_changes(tmp_path: Path) -> None:
    prints = set()
    for authority in (OURS, Authority("theirs"), OURS):
        cluster = {"certificate-authority-data": data(authority.pem)}
        settings = options(write_kubeconfig(tmp_path, "https://127.0.0.1:1", cluster=cluster))
        prints.add((await open_access(find_place(settings), settings)).fingerprint)
    assert len(prints) == 2


def test_what_is_secret_is_not_shown() -> None:
    shown = repr(Certificates(OURS.pem, b"my certificate", b"my key"))
    assert "my key" not in shown
    assert base64.b64encode(b"my key").decode() not in shown
