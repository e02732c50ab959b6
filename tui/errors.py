"""The error tree. Every error carries a headline for the operator and the next step.

TrustreeError
├── UsageError                 the command line, a query or a setting is wrong
│   ├── InvalidReference       text that is not an image reference
│   ├── InvalidQuery           with the position of the fault
│   └── InvalidConfig          with file, line and column
└── SourceError                something outside did not answer as it should
    ├── Unreachable            name, network, TLS or time-out
    │   ├── ConnectionCut      the answer ended before its end
    │   └── NoAnswer           it listens, but does not answer in time
    ├── AuthenticationFailed   not signed in, or the sign-in was refused
    ├── Forbidden              signed in, but a right is missing
    ├── NotFound
    ├── Expired                410: the position in a list or watch is gone
    ├── Throttled              429, with the seconds to wait when given
    ├── ServerFault            5xx
    ├── OutcomeUnknown         something was sent, and nobody knows whether it was done
    ├── Changed                what was to be changed is not what was seen any more; nothing was done
    ├── Inapplicable           such a thing cannot be changed like that; nothing was sent
    └── UntrustedPayload       a body that is malformed or too large
        ├── ForeignAnswer      an answer that is not in the form of the protocol: somebody else's
        └── OtherBytes         content that is not what its digest names
"""

from __future__ import annotations

from typing import Self

__all__ = [
    "AuthenticationFailed",
    "Changed",
    "ConnectionCut",
    "Expired",
    "Forbidden",
    "ForeignAnswer",
    "Inapplicable",
    "InvalidConfig",
    "InvalidQuery",
    "InvalidReference",
    "NoAnswer",
    "NotFound",
    "OtherBytes",
    "OutcomeUnknown",
    "PlanChanged",
    "ServerFault",
    "SourceError",
    "Throttled",
    "TrustreeError",
    "Unreachable",
    "UntrustedPayload",
    "UsageError",
    "fault_of",
]

MAX_TEXT = 400


class TrustreeError(Exception):
    """An error that explains itself: what happened and what to do next."""

    def __init__(self, headline: str, remedy: str = "") -> None:
        self.headline = headline[:MAX_TEXT]
        self.remedy = remedy[:MAX_TEXT]
        super().__init__(self.headline)

    def kept(self) -> Self:
        """Itself without the frames that it went through: whoever keeps an error must not keep all that they held."""
        self.__traceback__ = self.__cause__ = self.__context__ = None
        return self


class UsageError(TrustreeError):
    """The command line, a query or a setting cannot be understood."""


class PlanChanged(TrustreeError):
    """A plan made now would do something else: `differences` are sentences. Nothing was sent."""

    def __init__(self, differences: tuple[str, ...]) -> None:
        super().__init__(f"The plan is not what it was: {' '.join(differences)}", "Look at the plan again, then begin it.")
        self.differences = differences


class InvalidReference(UsageError):
    """Text that is not an image reference."""


class InvalidQuery(UsageError):
    """A query that does not parse; `position` is the offset in characters of the fault."""

    def __init__(self, headline: str, position: int, remedy: str = "") -> None:
        super().__init__(headline, remedy)
        self.position = position


class InvalidConfig(UsageError):
    """A configuration or policy file that cannot be used; line and column count from 1, 0 when unknown."""

    def __init__(self, headline: str, remedy: str = "", *, path: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(headline, remedy)
        self.path = path
        self.line = line
        self.column = column


class SourceError(TrustreeError):
    """An outside system did not answer as it should."""


class Unreachable(SourceError):
    """The host does not resolve, refuses, times out or shows a certificate we do not trust."""


class ConnectionCut(Unreachable):
    """The connection ended before the answer did: asking again may help."""


class NoAnswer(Unreachable):
    """The host takes requests and does not answer them in time."""


class AuthenticationFailed(SourceError):
    """Nobody is signed in, or the sign-in was refused."""


class Forbidden(SourceError):
    """Signed in, but a right is missing; `right` names it when known."""

    def __init__(self, headline: str, remedy: str = "", *, right: str = "") -> None:
        super().__init__(headline, remedy)
        self.right = right


class NotFound(SourceError):
    """The thing asked for is not there."""


class Expired(SourceError):
    """A position in a list or watch is too old (HTTP 410)."""

    def __init__(self, headline: str, remedy: str = "", *, continue_token: str = "") -> None:
        super().__init__(headline, remedy)
        self.continue_token = continue_token


class _LaterPerhaps(SourceError):
    def __init__(self, headline: str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(headline, remedy)
        self.retry_after = retry_after


class Throttled(_LaterPerhaps):
    """Too many requests; `retry_after` is in seconds, None when the server did not say."""


class ServerFault(_LaterPerhaps):
    """The server failed (5xx); `retry_after` as with `Throttled`."""


class OutcomeUnknown(SourceError):
    """A change was sent and may have been made, though no answer says so: it is looked up, never sent again."""


class Changed(SourceError):
    """What was to be changed is not what was seen any more: nothing was done. `differences` are sentences: what, from, to."""

    def __init__(self, headline: str, remedy: str = "", *, differences: tuple[str, ...] = ()) -> None:
        super().__init__(headline, remedy)
        self.differences = differences


class Inapplicable(SourceError):
    """Such a thing cannot be changed like that, whoever asks: nothing was sent."""


class UntrustedPayload(SourceError):
    """A body that is malformed, too large, too deep or does not match its digest."""


class ForeignAnswer(UntrustedPayload):
    """An answer that is not in the form of the protocol: a proxy, an ingress or a sign-in page spoke, not the service."""


class OtherBytes(UntrustedPayload):
    """Content was asked for by digest, and other content came."""


def fault_of(kind: type[BaseException]) -> str:
    """What is said, in one line, of a fault of our own: its traceback is for the log."""
    return f"trustree: an error in the program itself ({kind.__name__}). The log says more; `trustree info` says where it is."
