"""Report files that the operator names: read whole, told by their content, read again when they have changed."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from tui.domain.common.text import clean, plural
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Denial, SourceId, SourceKind
from tui.domain.facts.health import denial_of
from tui.domain.facts.scan import ScanReport
from tui.errors import NotFound, SourceError, UntrustedPayload
from tui.private_files import read_regular
from tui.sources.scanners.findings import Pool
from tui.sources.scanners.formats.detect import KNOWN, read_document
from tui.sources.scanners.formats.drafts import ReportOrigin
from tui.sources.scanners.rounds import Pace, Round, ScannerSource

__all__ = ["FilesSource"]

MAX_FILE = 256 << 20
PACE = Pace(refresh=10.0, retry=5.0, retry_most=30.0)
Stamp = tuple[int, int]


class FilesSource(ScannerSource):
    """A `Source` and `Probe` of files; one that cannot be read does not hide the others."""

    def __init__(self, paths: Sequence[Path], pace: Pace = PACE) -> None:
        super().__init__(SourceId(SourceKind.SCANNER, "files"), pace)
        self._paths = tuple(dict.fromkeys(paths))
        self._read: dict[Path, tuple[Stamp, list[ScanReport]]] = {}

    async def read(self, round_: Round) -> AsyncGenerator[Sequence[ScanReport], None]:
        """The reports of every file, in the order named."""
        refusals: list[SourceError] = []
        round_.endpoint = plural(len(self._paths), "file")
        for path in self._paths:
            try:
                reports = await asyncio.to_thread(self._file, path)
            except SourceError as error:
                refusals.append(error)
                round_.denials.append(denial_of(clean(str(path), 200), error))
                continue
            yield reports
            if unused := _unused(path, reports):
                round_.denials.append(unused)
        if len(refusals) == len(self._paths):
            raise refusals[0]

    def _file(self, path: Path) -> list[ScanReport]:
        """The reports of one file. Raises SourceError naming file and place."""
        shown = clean(str(path), 200)
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise UntrustedPayload(f"{shown} is not a regular file", "Write the report to a file, and name that.")
            stamp = (status.st_mtime_ns, status.st_size)
            if path in self._read and self._read[path][0] == stamp:
                return self._read[path][1]
            if status.st_size > MAX_FILE:
                raise UntrustedPayload(f"{shown} is larger than {MAX_FILE >> 20} MiB", "Split it, a file for each image.")
            body = read_regular(path, MAX_FILE)
        except FileNotFoundError as error:
            raise NotFound(f"there is no file {shown}", "Correct the name after --scan-report.") from error
        except OSError as error:
            raise SourceError(f"{shown} cannot be read: {error.strerror or error}", "Name a readable file.") from error
        try:
            reports = read_document(ReportOrigin(self.id, shown, Pool()), body)
        except UntrustedPayload as error:
            raise UntrustedPayload(f"{shown}: {error.headline}", error.remedy) from error
        if not reports:
            raise UntrustedPayload(f"{shown} holds no scan of vulnerabilities and no statement on any", f"Formats are {KNOWN}.")
        self._read[path] = (stamp, reports)
        return reports

    async def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Whether each file can be read, and is a report."""
        for path in self._paths:
            action = f"read {clean(str(path), 200)}"
            try:
                reports = await asyncio.to_thread(self._file, path)
            except SourceError as error:
                yield Diagnosis(action, Tried.FAILED, error.headline, remedy=error.remedy)
                continue
            if unused := _unused(path, reports):
                yield Diagnosis(action, Tried.FAILED, unused.reason, remedy=unused.remedy)
            else:
                scanners = ", ".join(sorted({report.scanner for report in reports}))
                yield Diagnosis(action, Tried.OK, f"{scanners}: {plural(len(reports), 'image')}")


def _unused(path: Path, reports: Sequence[ScanReport]) -> Denial | None:
    """That a file can be read and says nothing of any image, with what it is instead; None when it says something."""
    shown = clean(str(path), 200)
    usable = [report for report in reports if (report.is_scan or report.vex) and (report.digest or report.name is not None)]
    if usable:
        return None
    reason = next((report.reason for report in reports if report.reason), "it names no image")
    return Denial(shown, reason=f"{shown}: {reason}", remedy=f"Name a report on an image. Formats are {KNOWN}.")
