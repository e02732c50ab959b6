"""Report files that the operator names: errors name file and place, one bad file hides no other, changes are seen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.sources.scanners import documents as written
from tests.sources.scanners.servers import Entra, told
from tests.tried import tried
from tui.domain.facts.events import SourceState
from tui.errors import InvalidConfig
from tui.settings.settings import ScannerKind, ScannerSettings, Settings
from tui.sources.ports import ContentReader
from tui.sources.scanners.files import FilesSource
from tui.sources.scanners.formats.detect import KNOWN
from tui.sources.scanners.rounds import Pace
from tui.wiring.scanners import scanner_sources

FAST = Pace(refresh=0.0, retry=0.0, retry_most=0.0)


def write(folder: Path, name: str, document: object) -> Path:
    path = folder / name
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


async def test_files_are_told_by_their_content(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "a", written.trivy()),
        write(tmp_path, "b.txt", written.grype()),
        write(tmp_path, "c", written.openvex()),
    ]
    found = await told(FilesSource(paths, FAST))
    assert sorted(report.scanner for report in found.reports.values()) == ["Grype", "OpenVEX", "Trivy"]
    assert (found.health.state, found.completed, found.health.endpoint) == (SourceState.OK, True, "3 files")


async def test_a_bad_file_is_named_with_the_place_and_hides_no_other(tmp_path: Path) -> None:
    good, bad = (
        write(tmp_path, "good.json", written.trivy()),
        write(tmp_path, "bad.json", b'{\n "SchemaVersion": 2,\n "Results": oops}'),
    )
    found = await told(FilesSource([good, bad, tmp_path / "absent.json"], FAST))
    assert len(found.reports) == 1
    assert found.health.state is SourceState.PARTIAL
    first, second = found.health.denials
    assert first.reason.startswith(f"{bad}: it is not JSON")
    assert "line 3, column 13" in first.reason
    assert "there is no file" in second.reason


async def test_nothing_but_bad_files_is_a_failure(tmp_path: Path) -> None:
    found = await told(FilesSource([write(tmp_path, "slsa.json", written.statement("https://slsa.dev/provenance/v1", {}))], FAST))
    assert found.health.state is SourceState.FAILED
    assert "holds no scan of vulnerabilities and no statement" in found.health.error
    assert KNOWN in found.health.remedy


async def test_a_file_that_says_nothing_of_an_image_is_said_to_be_what_it_is(tmp_path: Path) -> None:
    sbom, folder = (
        written.cyclonedx(vulnerabilities=[]),
        written.trivy(ArtifactName="nginx", ArtifactType="filesystem", Metadata={}),
    )
    paths = [write(tmp_path, "sbom.json", sbom), write(tmp_path, "folder.json", folder), write(tmp_path, "a", written.trivy())]
    found = await told(FilesSource(paths, FAST))
    assert found.health.state is SourceState.PARTIAL
    assert [denial.reason.removeprefix(f"{tmp_path}/") for denial in found.health.denials] == [
        "sbom.json: the bill of materials by trivy holds no scan of vulnerabilities",
        "folder.json: it is about the filesystem nginx, which is not an image",
    ]
    assert [each.state for each in await tried(FilesSource(paths).diagnose())] == ["failed", "failed", "ok"]


async def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", written.trivy())
    source = FilesSource([path], FAST)
    first = await told(source, rounds=2)
    seen = [event.reports[0] for event in first.events if hasattr(event, "reports")]
    assert seen[0] is seen[1]
    write(tmp_path, "a.json", written.trivy(Results=[{"Target": "web", "Class": "os-pkgs"}]))
    os.utime(path, ns=(1, 1))
    # The first word of a source that starts again is what it said last.
    assert (await told(source, rounds=2)).one.vulnerabilities == ()


async def test_doctor_tries_each_file(tmp_path: Path) -> None:
    paths = [write(tmp_path, "a.json", written.trivy()), tmp_path / "absent"]
    found = await tried(FilesSource(paths).diagnose())
    assert [each.state for each in found] == ["ok", "failed"]
    assert found[0].detail == "Trivy: 1 image"


# ---- which sources there are


def names(settings: Settings, *, signed_in: bool = True) -> list[str]:
    def registries(_: str) -> ContentReader | None:
        return None

    entra = Entra() if signed_in else None
    return [str(source.id) for source in scanner_sources(settings, [], registries, entra, {"SECRET": "s"})]


def test_what_need_not_be_named_and_what_must() -> None:
    console = ScannerSettings(ScannerKind.PRISMA, endpoint="https://console.example", username="ops", password_env="SECRET")
    assert names(Settings()) == ["scanner/defender", "scanner/attached"]
    assert names(Settings(), signed_in=False) == ["scanner/attached"]
    assert names(Settings(demo="contoso")) == ["scanner/attached"]
    assert names(Settings(scanner={"pc": console})) == ["scanner/defender", "scanner/attached", "scanner/pc"]
    off = {kind.value: ScannerSettings(kind, enabled=False) for kind in ScannerKind}
    assert names(Settings(scanner=off)) == []


def test_a_secret_or_a_file_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    console = ScannerSettings(ScannerKind.AQUA, endpoint="https://aqua.example", username="ops", password_env="ABSENT")
    with pytest.raises(InvalidConfig, match="ABSENT, which is not set"):
        names(Settings(scanner={"aqua": console}))
    with pytest.raises(InvalidConfig, match="There is no file"):
        names(Settings(scan_reports=(str(tmp_path / "absent"),)))
    assert names(Settings(scan_reports=(str(write(tmp_path, "a", written.trivy())),)))[-1] == "scanner/files"
