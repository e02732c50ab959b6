"""Words of scanners as our own: severities, moments, scores, names. Nothing here raises on what it does not know."""

from __future__ import annotations

from tui.domain.common.text import clean
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import is_digest, parse_reference
from tui.domain.facts.scan import Severity
from tui.errors import InvalidReference

__all__ = [
    "Said",
    "counted",
    "digest_of",
    "is_cvss",
    "name_of",
    "score",
    "severity_of",
    "severity_of_score",
    "text",
    "unrecognised",
    "web_address",
]

Said = str | None
"""A text that may be missing or null on the wire."""

LONGEST = 300  # characters of any one text; titles and addresses are the longest

_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,  # Red Hat and Prisma Cloud
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,  # Red Hat, GitHub and Prisma Cloud
    "low": Severity.LOW,
    "negligible": Severity.NEGLIGIBLE,
    "unimportant": Severity.NEGLIGIBLE,  # Debian
    "informational": Severity.NEGLIGIBLE,
    "info": Severity.NEGLIGIBLE,
    "none": Severity.NEGLIGIBLE,  # CVSS: a base score of 0
}


def text(raw: object, limit: int = LONGEST) -> str:
    """A text from outside on one line, empty when it is missing or no text."""
    return clean(raw, limit).strip() if isinstance(raw, str) else ""


def severity_of(word: Said) -> Severity:
    """The severity that a word means; UNKNOWN for a word that is not known."""
    return _SEVERITIES.get((word or "").strip().lower(), Severity.UNKNOWN)


def severity_of_score(value: float | None) -> Severity:
    """The qualitative rating of a base score (CVSS v3.1 specification, table 14)."""
    if value is None:
        return Severity.UNKNOWN
    bounds = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
    return next((severity for least, severity in bounds if value >= least), Severity.NEGLIGIBLE)


def score(raw: object) -> float | None:
    """A CVSS base score of 0 to 10, None when there is none; 0 stands for none with most scanners."""
    try:
        value = float(raw) if isinstance(raw, int | float | str) and not isinstance(raw, bool) else 0.0
    except ValueError:
        return None
    return value if 0.0 < value <= 10.0 else None


def is_cvss(method: Said) -> bool:
    """Whether a rating by this method is a base score of CVSS: those of others (EPSS, OWASP, SSVC) are on other scales."""
    word = (method or "").lower()
    return not any(other in word for other in ("epss", "owasp", "ssvc", "other"))


def name_of(registry: Said, repository: Said) -> RepositoryName | None:
    """The repository as references write it, None when the scanner's words do not name one."""
    host = (registry or "").strip().removeprefix("https://").removeprefix("http://").strip("/")
    path = (repository or "").strip().strip("/")
    if host and path.startswith(f"{host}/"):
        path = path[len(host) + 1 :]
    try:
        reference = parse_reference(f"{host}/{path}" if host else path)
    except InvalidReference:
        return None
    return reference.name


def digest_of(raw: Said) -> str:
    """The digest in a text such as `sha256:...` or `repo@sha256:...`, empty when there is none."""
    digest = (raw or "").strip().rpartition("@")[2]
    return digest if is_digest(digest) else ""


def counted(numbers: dict[Severity, int | None]) -> dict[Severity, int]:
    """Counts by severity as a summary gives them; nonsense below zero counts as nothing."""
    return {severity: number for severity, number in numbers.items() if number is not None and number > 0}


def unrecognised(family: str) -> str:
    """Why nothing is known of the packages of an operating system; empty where its family says which it is.

    Trivy writes `none` for packages of which it does not know the distribution (trivy `pkg/scanner/local/scan.go`).
    """
    if family.lower() != "none":
        return ""
    return "the operating system was not recognised, so its packages were not looked up"


def web_address(raw: object) -> str:
    """An address of the web, empty for anything else: it may be opened by the operator."""
    address = text(raw)
    return address if address.startswith(("https://", "http://")) else ""
