"""What the run that pushed an image wrote down of its base: the end of an ACR run's log, read when somebody looks at the lineage.

The log names bases with their digests, and the images of earlier stages, which nothing else does. Azure keeps it; no fact of the
estate is made of it: it confirms, or contradicts, what the layers and the image say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from tui.domain.common.text import clean
from tui.domain.facts.build import BuilderKind, Run, RunState
from tui.domain.facts.image import Claim, RepositoryName
from tui.domain.facts.inquiries import Inquiries
from tui.domain.facts.reference import parse_reference
from tui.domain.lineage.evidence import MAX_LOG_LINES, BuildRecord, run_log_records
from tui.domain.snapshot.snapshot import AttributionBasis, Confidence, Image, ImageKey, Snapshot
from tui.errors import InvalidReference
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.lines import images_of, wrapped
from tui.presenters.tabs.spec import Drawing, Inquiry, SectionContext
from tui.presenters.words import short_hex
from widgets.rows import Span, TextLine

__all__ = ["log_inquiry", "pushing_run"]


def log_inquiry(subject: RowSubject, snapshot: Snapshot) -> Inquiry | None:
    """The log of the run that pushed the image of a row; none where no run of ACR Tasks is known to have pushed it."""
    keys = [row.key for row in images_of(subject, snapshot) if row.key is not None]
    run = pushing_run(keys[0], snapshot) if len(keys) == 1 else None
    if run is None:
        return None
    about = (run.kind, run.builder, run.id)
    return Inquiry(about, f"what the log of the run {clean(run.id, 40)} says of its base", partial(_read, run, keys[0]))


def pushing_run(key: ImageKey, snapshot: Snapshot) -> Run | None:
    """The run of ACR Tasks that pushed an image, where that is certain."""
    for attribution in snapshot.builders.get(key, ()):
        is_certain = attribution.basis is AttributionBasis.RUN and attribution.confidence is Confidence.CERTAIN
        if is_certain and attribution.job is not None and attribution.job.kind is BuilderKind.ACR_TASKS:
            runs = snapshot.runs.get(attribution.job, ())
            return next((run for run in runs if run.id == attribution.run and run.state is RunState.SUCCEEDED), None)
    return None


async def _read(run: Run, key: ImageKey, inquiries: Inquiries) -> Drawing:
    lines = await inquiries.run_log(run, MAX_LOG_LINES)
    return partial(_drawn, run, key, run_log_records("\n".join(lines)))


def _drawn(run: Run, key: ImageKey, records: Sequence[BuildRecord], context: SectionContext) -> Sequence[TextLine]:
    image = context.snapshot.images.get(key)
    digests = image.digests if image is not None else (key.digest,)
    record = next((record for record in records if record.digest in digests), None)
    lines = [TextLine(), TextLine((Span(f" The log of the run {clean(run.id, 40)}, which pushed it", "dim"),))]
    if record is None:  # it may be gone, cut, or about other images
        return [*lines, *wrapped("What could be read of it does not mention this image.", "dim", context.width, indent=3)]
    if not (record.claims or record.inputs):
        return [*lines, *wrapped("It names no base.", "dim", context.width, indent=3)]
    for claim in record.claims:
        lines += wrapped(f"built on {_words(claim)}", "", context.width, indent=3)
        lines += _agreement(claim, image, context)
    if record.inputs:
        stages = "; ".join(map(_words, record.inputs))
        lines += wrapped(f"with {stages} in earlier stages", "dim", context.width, indent=3)
    return lines


def _words(claim: Claim) -> str:
    return clean(f"{claim.reference or 'an image'}{f' ({short_hex(claim.digest)})' if claim.digest else ''}", 200)


def _agreement(claim: Claim, image: Image | None, context: SectionContext) -> Iterator[TextLine]:
    """Whether that is the base that is shown."""
    link = image.base if image is not None else None
    if link is None:
        yield from wrapped("Nothing else names its base.", "dim", context.width, indent=5)
        return
    words, role = _compared(claim, link.base, context.snapshot)
    yield from wrapped(words, role, context.width, indent=5)


def _compared(claim: Claim, base: ImageKey, snapshot: Snapshot) -> tuple[str, str]:
    """What a claim says of a base, in a sentence, and how that is shown: only a digest tells one build from another."""
    name, claimed = base.name, _repository(claim)
    title = clean(str(name), 120)
    if claim.digest and claim.digest in _digests(base, snapshot):
        return "That is the base above.", "dim"
    if claimed is None:
        return f"Whether that is the base above, {title}, is not known: the log does not name its repository.", "unknown"
    if claimed == name and not claim.digest:
        return "Whether that is the same build of the base above is not known: the log does not name its digest.", "unknown"
    if claimed == name:
        return "That is another build of the base above.", "warn"
    if _may_mirror(claimed, name):
        other = "another build of what has" if claim.digest else "what has"
        return f"That is {other} the name of the base above, {title}: one may mirror the other.", "warn"
    return f"That contradicts the base above, {title}.", "warn"


def _digests(base: ImageKey, snapshot: Snapshot) -> set[str]:
    """Every digest by which a base may be named: its own, and those of the same content under other names."""
    digests: set[str] = set()
    content = snapshot.images.get(base)
    for key in (base, *(content.same_content if content is not None else ())):
        digests.add(key.digest)
        if (image := snapshot.images.get(key)) is not None:
            digests.update(image.digests, image.config_digests)
    return digests


def _repository(claim: Claim) -> RepositoryName | None:
    try:
        reference = parse_reference(claim.reference)
    except InvalidReference:
        return None
    return reference.name


def _may_mirror(name: RepositoryName, other: RepositoryName) -> bool:
    """Whether one repository may hold copies of the other's images: a mirror, or a cache rule of ACR, keeps the end of its name
    (learn.microsoft.com, artifact cache: `docker.io/library/debian` as `contoso.azurecr.io/cache/library/debian`)."""
    shorter, longer = sorted((_path(name), _path(other)), key=len)
    return longer[-len(shorter) :] == shorter and name.registry != other.registry


def _path(name: RepositoryName) -> list[str]:
    return name.repository.removeprefix("library/").split("/")
