"""Distribution hints, on lines as Docker Official Images, buildpacks and Red Hat write them."""

from __future__ import annotations

import pytest

from tui.domain.facts.image import HistoryEntry
from tui.domain.lineage.distro import distro_hint


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["# debian.sh --arch 'amd64' out/ 'bullseye' '@1733097600'"], "debian 11"),
        (["RUN # debian.sh --arch 'arm64' out/ 'bookworm' '@1747699200'", "CMD bash"], "debian 12"),
        (["# debian.sh --arch 'amd64' out/ 'sid' '@1733097600'"], "debian sid"),
        (["ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit", 'CMD ["/bin/sh"]'], "alpine 3.22.1"),
        (
            [
                "/bin/sh -c #(nop)  LABEL org.opencontainers.image.ref.name=ubuntu",
                "/bin/sh -c #(nop)  LABEL org.opencontainers.image.version=22.04",
            ],
            "ubuntu 22.04",
        ),
        (["LABEL org.opencontainers.image.version=1.2.3"], ""),
        (["ADD file:abc in /"], ""),
        (["x" * 100_000], ""),
        ([], ""),
    ],
)
def test_the_history_tells_the_distribution(steps: list[str], expected: str) -> None:
    assert distro_hint([HistoryEntry(step) for step in steps], {}) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"io.buildpacks.base.distro.name": "ubuntu", "io.buildpacks.base.distro.version": "24.04"}, "ubuntu 24.04"),
        ({"io.buildpacks.base.distro.name": "ubuntu"}, "ubuntu"),
        ({"io.buildpacks.base.distro.name": "\x1b[31mubuntu"}, ""),
        ({"com.redhat.component": "ubi9-minimal-container"}, "ubi 9"),
        ({"com.redhat.component": "ubi8-container"}, "ubi 8"),
        ({"com.redhat.component": "nodejs-20-container"}, ""),
        ({"org.opencontainers.image.version": "22.04"}, ""),
    ],
)
def test_labels_tell_when_the_history_does_not(labels: dict[str, str], expected: str) -> None:
    assert distro_hint([], labels) == expected


def test_what_the_base_wrote_comes_before_labels() -> None:
    history = [HistoryEntry("ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit")]
    assert distro_hint(history, {"com.redhat.component": "ubi9-container"}) == "alpine 3.22.1"
