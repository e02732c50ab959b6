"""Text cut to the room there is."""

from __future__ import annotations

import pytest

from widgets.text import fit, middle, width_of, wrap

DEBIAN = "mcr.microsoft.com/mirror/docker/library/debian:12-slim"


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        (DEBIAN, 60, DEBIAN),
        (DEBIAN, 45, "mcr.microsoft.com/…/library/debian:12-slim"),
        (DEBIAN, 36, "mcr.microsoft.com/…/debian:12-slim"),
        (DEBIAN, 30, "mcr.microsoft.…/debian:12-slim"),
        ("containernetworking/azure-cns:v1.6.31", 30, "containerne…/azure-cns:v1.6.31"),
        ("a/a-name-that-is-far-too-long-by-itself", 12, "a/a…y-itself"),
        ("no-path-at-all-in-this-name", 12, "no-…his-name"),
    ],
)
def test_a_path_keeps_its_host_and_its_name(text: str, width: int, short: str) -> None:
    assert middle(text, width) == short
    assert width_of(short) <= width


DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("mcr.microsoft.com/mirror/docker/library/debian@fd3731c02678", 34, "mcr.microsoft…/debian@fd3731c02678"),
        ("mcr.microsoft.com/mirror/docker/library/debian@fd3731c02678", 21, "…/debian@fd3731c02678"),
        ("registry.internal.example/run:jammy (sha256:1312eb464eb3)", 35, None),
        (f"contoso.azurecr.io/payments/worker@{DIGEST}", 44, "contoso.azurecr…/worker@sha256:0123456789ab…"),
        ("prod-neu  kube-system  Deployment/konnectivity-agent", 36, None),
        ("prod-weu  payments  Deployment/api", 28, "prod-weu  payments  Dep…/api"),
        ("web-7d9f8b6c5-abcde  aks-general-31014545-vmss00000e", 30, None),
    ],
)
def test_a_digest_is_never_cut_and_what_stands_apart_stays_apart(text: str, width: int, short: str | None) -> None:
    cut = middle(text, width)
    assert width_of(cut) <= width
    if short is not None:
        assert cut == short
    for digest in ("fd3731c02678", "1312eb464eb3", "0123456789ab"):
        assert (digest in text) == (digest in cut)
    assert cut.count("  ") == text.count("  ")


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("prod-weu  payments  Deployment/api", 20, None),
        ("prod-weu  platform  Pod/toolbox", 14, "…Pod/toolbox"),
        (" ✘ prod-weu  observability  DaemonSet/node-exporter", 34, " ✘ p…-weu  o…lity  …/node-exporter"),
        (" Deployment/konnectivity-agent  prod-neu  kube-system", 50, " Deploy…/konnectivity-agent  prod-neu  kube-system"),
        ("payments-api:1.8.2  contoso.azurecr.io", 30, None),
    ],
)
def test_places_go_before_the_names_of_what_is_there(text: str, width: int, short: str | None) -> None:
    cut = middle(text, width)
    assert width_of(cut) <= width
    assert short in (None, cut)
    assert text[-3:] in cut


def test_the_same_workload_of_two_clusters_is_told_apart() -> None:
    rows = [f"prod-{place}  kube-system  Deployment/konnectivity-agent" for place in ("neu", "weu")]
    assert [middle(row, 34) for row in rows] == [
        "p…neu  k…tem  …/konnectivity-agent",
        "p…weu  k…tem  …/konnectivity-agent",
    ]


def test_a_name_stays_whole_and_what_stands_after_it_goes() -> None:
    text = " ✘ prometheus/node-exporter@4478fa7969fd  quay.io"
    assert middle(text, 40) == " ✘ …/node-exporter@4478fa7969fd  quay.io"
    assert middle(text, 34) == " ✘ …/node-exporter@4478fa7969fd…"


def test_the_end_of_a_text_is_cut_before_a_digest_not_in_it() -> None:
    assert fit("Expected is sha256:29cb0aa1b2c3d4 of it", 24) == "Expected is …"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        (f"{DEBIAN} is trusted.", 28, ["mcr.microsoft.com/mirror/", "docker/library/debian:", "12-slim is trusted."]),
        (
            "contoso.azurecr.io/payments/worker@sha256:3f2a91c04d1e",
            26,
            ["contoso.azurecr.io/", "payments/worker", "@sha256:3f2a91c04d1e"],
        ),
        ("CN=shop-release,OU=Trust,O=Contoso", 18, ["CN=shop-release,", "OU=Trust,O=Contoso"]),
        ("abcdefghijklmnop", 6, ["abcdef", "ghijkl", "mnop"]),
    ],
)
def test_long_words_are_broken_where_references_are(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


def test_the_first_line_may_be_shorter_than_the_others() -> None:
    assert wrap("None of the six scanners has a report.", 24, first=12) == ["None of the", "six scanners has a", "report."]


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("platform not scanned", 16, "platform not…"),
        ("two images under one name", 20, "two images under…"),
        ("pods 12,000 / 15,000 · repositories", 26, "pods 12,000 / 15,000…"),
        ("signed by nobody", 7, "signed…"),
        ("on contoso.azurecr.io", 12, "on contoso.…"),
    ],
)
def test_words_are_cut_between_them_unless_that_would_leave_most_of_the_room_empty(text: str, width: int, short: str) -> None:
    assert fit(text, width) == short
    assert width_of(short) <= width
