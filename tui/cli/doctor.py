"""`trustree doctor`: what each source can and cannot read."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence

import msgspec

from tui.cli.commands import Invocation
from tui.cli.flags import add_output
from tui.cli.output import Exit, Writer, look_of_stdout, write_stdout
from tui.cli.progress import Steps
from tui.domain.common.redaction import redact
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.reports.columns import plain
from tui.reports.encoding import encode
from tui.settings.settings import Settings
from tui.wiring.examination import Diagnose, Examined

__all__ = ["add_arguments", "doctor", "exit_of_doctor", "run"]

SIGNED_IN = frozenset({"cluster", "registry"})
"""Kinds of sources that somebody signs in to."""
SIGN_IN = frozenset({"signed in", "sign-in"})
"""What it is called that somebody signs in, where that is tried."""
BEFORE_READING = frozenset({"kubeconfig", "reachable"}) | SIGN_IN
"""What is tried before anything is read: that it is well says nothing of any right."""
CACHE = "cache"
"""What is kept on disk is no source: nothing depends on it."""
WIDTH = 80
"""Cells of the narrowest terminal that a heading is written for on one line."""
_SIGNS = {Tried.OK: ("✔", "+"), Tried.DENIED: ("✘", "x"), Tried.FAILED: ("✘", "x"), Tried.OFF: ("·", ".")}


class SourceFound(msgspec.Struct, frozen=True):
    """One source as `-o json` shows it."""

    name: str
    kind: str
    identity: str
    endpoint: str
    tried: Sequence[Diagnosis]


class DoctorReport(msgspec.Struct, frozen=True):
    """What `doctor -o json` prints."""

    schema: str
    sources: list[SourceFound]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The format."""
    add_output(parser, ("table", "json"))


def run(call: Invocation) -> Exit:
    """Try every source."""
    return doctor(call.settings, call.flags.output, call.diagnose, write_stdout)


def doctor(settings: Settings, output: str, diagnose: Diagnose, write: Writer) -> Exit:
    """Try each kind of read of every source once, and print how it went."""
    examined = [_discreet(source) for source in asyncio.run(_diagnosed(settings, diagnose))]
    if output == "json":
        write([encode(DoctorReport("trustree/doctor/v1", [SourceFound(*source) for source in examined])), b"\n"])
    else:
        unicode = look_of_stdout(settings.ascii).unicode
        write(f"{plain(line, unicode)}\n".encode(errors="replace") for line in _lines(examined, unicode))
    return exit_of_doctor(examined)


def _discreet(source: Examined) -> Examined:
    """The same without credentials that a configuration, a server or a plugin may have put into it."""
    name, kind, identity, endpoint, diagnoses = source
    shown = [
        msgspec.structs.replace(
            diagnosis, detail=redact(diagnosis.detail), remedy=redact(diagnosis.remedy), right=redact(diagnosis.right)
        )
        for diagnosis in diagnoses
    ]
    return name, kind, identity, redact(endpoint), shown


def exit_of_doctor(examined: Sequence[Examined]) -> Exit:
    """4 when no cluster, or nothing at all, may be read for want of a right; 3 when anything is refused or failed; else 0."""
    signed_in = [source for source in examined if source[1] in SIGNED_IN]
    clusters = [source for source in signed_in if source[1] == "cluster"]
    if any(_barred(group) for group in (clusters, signed_in)):
        return Exit.DENIED
    states = [diagnosis.state for source in examined if source[1] != CACHE for diagnosis in source[4]]
    states = [state for state in states if state is not Tried.OFF]
    return Exit.OK if states and all(state is Tried.OK for state in states) else Exit.UNSURE


def _barred(sources: Sequence[Examined]) -> bool:
    diagnoses = [diagnosis for source in sources for diagnosis in source[4]]
    read = any(diagnosis.state is Tried.OK and diagnosis.what not in BEFORE_READING for diagnosis in diagnoses)
    return not read and any(diagnosis.state is Tried.DENIED for diagnosis in diagnoses)


async def _diagnosed(settings: Settings, diagnose: Diagnose) -> Sequence[Examined]:
    progress = Steps(sys.stderr)
    try:
        return await diagnose(settings, progress.show)
    finally:
        progress.done()


def _lines(examined: Sequence[Examined], unicode: bool) -> Iterator[str]:
    if not examined:
        yield "No source is set up: there is no kubeconfig context and no registry."
    for name, kind, identity, endpoint, diagnoses in examined:
        signed_in = f"as {identity}" if identity else _nobody(kind, diagnoses)
        yield from _heading([part for part in (name, endpoint, signed_in) if part])
        width = max((len(diagnosis.what) for diagnosis in diagnoses), default=0)
        for diagnosis in diagnoses:
            sign = _SIGNS[diagnosis.state][0 if unicode else 1]
            yield f"  {sign} {diagnosis.state:6}  {diagnosis.what:{width}}  {diagnosis.detail}".rstrip()
            if diagnosis.right:
                yield f"      missing right: {diagnosis.right}"
            if diagnosis.remedy:
                yield f"      next step: {diagnosis.remedy}"
        yield ""


def _heading(parts: Sequence[str]) -> Iterator[str]:
    """A source, where it is and who is signed in: on one line, or below one another where that is too wide for it."""
    line = "  ".join(parts)
    if len(line) <= WIDTH:
        yield line
    else:
        yield parts[0]
        yield from (f"    {part}" for part in parts[1:])


def _nobody(kind: str, diagnoses: Sequence[Diagnosis]) -> str:
    """That nobody is signed in, where a sign-in was tried and tells that; a cluster may let somebody in and not say whom."""
    states = {diagnosis.state for diagnosis in diagnoses if diagnosis.what in SIGN_IN}
    read_by_nobody = kind == "registry" and Tried.OK in states
    return "not signed in" if read_by_nobody or Tried.DENIED in states else ""
