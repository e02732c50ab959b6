"""The audit log: who changed what and what came of it, one JSON object a line, on disk before and after each outside change.

It is only ever appended to, private, and what cannot be written down is not done: `record` raises before anything is sent.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import socket
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from tui.domain.common.redaction import redact
from tui.domain.common.text import clean
from tui.errors import TrustreeError
from tui.private_files import in_the_way, make_private, open_private, sync_directory, write_through

__all__ = ["AuditEvent", "AuditFault", "AuditLine", "AuditLog", "Operator", "this_operator"]

FILE = "audit.jsonl"
LONGEST = 2000
"""Characters of one text in a line at most."""


class AuditFault(TrustreeError):
    """The audit log cannot be written: whatever was about to be sent is not sent."""


class AuditEvent(StrEnum):
    """What a line tells. A SENDING without an answer after it was cut short: whether it was done has to be looked up."""

    BEGUN = "begun"
    RESUMED = "resumed"
    CONFIRMED = "confirmed"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    NOT_SENT = "not-sent"
    FOUND = "found"
    NOT_FOUND = "not-found"
    ADOPTED = "adopted"
    STEP_ENDED = "step-ended"
    STOPPED = "stopped"
    ENDED = "ended"


class Operator(msgspec.Struct, frozen=True):
    """Who acts: the user of the operating system, and who is signed in to what (`cluster/prod-weu` -> `ada@contoso.com`)."""

    user: str
    uid: int
    host: str
    process: int
    identities: dict[str, str] = {}


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line, without who and when. `requests` are ids by which the service knows the requests."""

    event: AuditEvent
    plan: str
    step: str = ""
    mark: str = ""
    kind: str = ""
    target: str = ""
    what: str = ""
    requests: tuple[str, ...] = ()
    outcome: str = ""


class _Written(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line as it stands in the file."""

    schema: str
    at: datetime
    event: str
    plan: str
    operator: Operator
    step: str = ""
    mark: str = ""
    kind: str = ""
    target: str = ""
    what: str = ""
    requests: tuple[str, ...] = ()
    outcome: str = ""


def this_operator(identities: dict[str, str] | None = None) -> Operator:
    """The user of the operating system who runs this process, whatever the environment calls them."""
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)  # in a container nobody may have named it
    return Operator(user, uid, socket.gethostname(), os.getpid(), dict(identities or {}))


class AuditLog:
    """The file `audit.jsonl` of a directory. Raises AuditFault whenever a line is not safely on disk."""

    def __init__(self, directory: Path, operator: Operator, now: Callable[[], datetime]) -> None:
        self.path, self._operator, self._now = directory / FILE, operator, now

    def record(self, line: AuditLine) -> None:
        """Append a line and wait until the disk has it."""
        body = msgspec.json.encode(self._written(line)) + b"\n"
        try:
            make_private(self.path.parent)
            is_new = not self.path.exists()
            descriptor = open_private(str(self.path), os.O_APPEND | os.O_RDWR)
            try:
                _append(descriptor, body)
            finally:
                os.close(descriptor)
            if is_new:
                sync_directory(self.path.parent)
        except OSError as error:
            reason = error.strerror or "the operating system refuses it"
            raise AuditFault(
                f"The audit log {self.path} cannot be written: {reason}. Nothing is sent that cannot be logged.",
                f"Move {'it' if self.path.parent.is_dir() else self.path.parent} away; a new one is made."
                if in_the_way(error)
                else f"Free some space in {self.path.parent}, or make it writable for you.",
            ) from error

    def _written(self, line: AuditLine) -> _Written:
        operator = msgspec.structs.replace(
            self._operator, identities={_safe(source): _safe(name) for source, name in self._operator.identities.items()}
        )
        return _Written(
            schema="trustree/audit/v1",
            at=self._now(),
            event=line.event.value,
            plan=_safe(line.plan),
            operator=operator,
            step=_safe(line.step),
            mark=_safe(line.mark),
            kind=_safe(line.kind),
            target=_safe(line.target),
            what=_safe(line.what),
            requests=tuple(_safe(request) for request in line.requests),
            outcome=_safe(line.outcome),
        )


def _safe(text: str) -> str:
    """Without secrets, and without what a terminal would obey when the file is shown."""
    return clean(redact(text[: 2 * LONGEST]), LONGEST)


def _append(descriptor: int, body: bytes) -> None:
    """Write all of it, after whatever line a full disk has cut, while no other process writes. Raises OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        body = b"\n" + body
    write_through(descriptor, body)
