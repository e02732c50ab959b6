"""Reports that somebody handed over and that say nothing of any image here: input that was given and not used is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tui.domain.common.text import clean, plural
from tui.domain.facts.events import SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.scan import ScanReport
from tui.domain.snapshot.snapshot import Image, ImageKey

__all__ = ["FILES", "with_unused"]

FILES = SourceId(SourceKind.SCANNER, "files")
"""The source of the reports that the operator names; what other scanners know of other estates is nobody's concern here."""
_SHOWN = 5


def with_unused(
    health: Mapping[SourceId, SourceHealth], reports: Mapping[str, ScanReport], images: Mapping[ImageKey, Image]
) -> Mapping[SourceId, SourceHealth]:
    """The health of the sources, that of the files with a note for each report that names no image of the estate.

    While the source or a registry still loads the image may yet come, and nothing is said.
    """
    files = health.get(FILES)
    if files is None or not reports or any(source.state is SourceState.LOADING for source in health.values()):
        return health
    unused = list(_unused(reports.values(), images))
    if not unused:
        return health
    left = len(unused) - _SHOWN
    more = (f"{plural(left, 'more report')} {'names' if left == 1 else 'name'} no image of the estate.",) if left > 0 else ()
    return {**health, FILES: msgspec.structs.replace(files, remarks=(*map(_note, unused[:_SHOWN]), *more))}


def _unused(reports: Iterable[ScanReport], images: Mapping[ImageKey, Image]) -> Iterator[ScanReport]:
    digests = {digest for key, image in images.items() for digest in (key.digest, *image.digests, *image.config_digests)}
    heard = {(report.source, report.key) for image in images.values() for report in image.scans}
    tags = {(key.name, tag) for key, image in images.items() for tag in ("", *image.tags)}
    for report in reports:
        is_known = report.digest in digests if report.digest else (report.name, report.tag) in tags
        names = report.digest or report.name is not None
        if names and not is_known and (report.source, report.key) not in heard:
            yield report


def _note(report: ScanReport) -> str:
    """A report that is not used, with the file and what it names."""
    file = clean(report.key.partition("#")[0], 200)
    tag = f":{report.tag}" if report.tag else ""
    subject = f"{report.name}{tag}" if report.name is not None else clean(report.digest, 80)
    return f"{file} is about {subject}, which is not an image of the estate: it is not used."
