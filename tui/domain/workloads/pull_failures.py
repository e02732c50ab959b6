"""Why a container cannot get its image: repository, tag, digest, right, platform, limit or network told apart.

The kubelet's message alone often cannot tell: containerd says "repository does not exist or may require authorization" for
three different faults. The registry's own answer to us decides between them.
Sources: kubernetes pkg/kubelet/images/types.go (reasons); messages of containerd's resolver and of the lab's real pulls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui.domain.common.text import clean
from tui.domain.facts.events import AbsenceKind
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.facts.pulls import Cause
from tui.domain.facts.reference import Reference, parse_reference
from tui.domain.facts.workload import PodContainer
from tui.domain.registries.presence import Presence, PresenceState
from tui.domain.snapshot.snapshot import PodRef
from tui.errors import InvalidReference

__all__ = ["PULL_REASONS", "REMEDIES", "cause_of", "heard", "is_let_in", "is_pulling", "said", "sentence"]

PULL_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}
)
_SAID = 160


_NETWORK = (
    "i/o timeout",
    "no such host",
    "connection refused",
    "connection reset",
    "dial tcp",
    "tls handshake",
    "x509:",
    "network is unreachable",
    "no route to host",
    "context deadline exceeded",
    "client.timeout",
    "bad gateway",
    "service unavailable",
    "500 internal server error",
    "eof",
)
_LIMIT = ("toomanyrequests", "too many requests", "rate limit")
_PLATFORM = ("no match for platform", "no matching manifest", "exec format")
_RIGHT = ("insufficient_scope", "pull access denied", "unauthorized", "denied", "forbidden", "authorization failed")
_SIGN_IN = ("failed to authorize", "no basic auth credentials", "authentication required")
"""The sign-in failed: a right, unless the words say that nothing was reached."""
_REFUSED = re.compile(r"unexpected status\b[^\"]*\b40[13]\b")
_DOING = re.compile(r"^(?:failed to (?:pull and unpack image|pull image|resolve reference|resolve image) \"[^\"]*\": )+")
_NOT_THE_REGISTRY = (
    "unexpected media type",
    "content digest",
    "failed to unpack image on snapshotter",
    "failed to extract layer",
)
"""What was not found is what the node itself keeps, or a page that something between sent instead of an image (containerd
issues 3604, 7400): that proves nothing of the registry."""
_MISSING = ("manifest unknown", "not found", "name unknown", "repository does not exist", "manifest_unknown", "name_unknown")


def is_pulling(container: PodContainer | PodRef) -> bool:
    """Whether a container of a pod waits for an image that it cannot get."""
    return container.state == "waiting" and container.reason in PULL_REASONS


def cause_of(container: PodContainer, reference: Reference | None, word: Presence | None) -> Cause:
    """What is wrong, by the kubelet's words and by what the registry says of the name (`word`)."""
    if container.reason == "InvalidImageName" or reference is None or word is None:
        return Cause.NAME
    if container.reason == "ErrImageNeverPull":
        return Cause.NEVER
    message = _without_names(container, reference)
    if any(part in message for part in _PLATFORM):
        return Cause.PLATFORM
    if any(part in message for part in _LIMIT):
        return Cause.LIMIT
    if word.standing is PresenceState.GONE:
        return _missing(reference, word)
    if any(part in message for part in _RIGHT) or _REFUSED.search(message):
        return Cause.RIGHT
    if any(part in message for part in _NETWORK):
        return Cause.NETWORK
    if any(part in message for part in _SIGN_IN):
        return Cause.RIGHT
    if _says_missing(message):
        return Cause.DIGEST if reference.digest else Cause.TAG
    return Cause.RIGHT if word.kind is AbsenceKind.DENIED else Cause.UNKNOWN


def heard(container: PodContainer, reference: Reference) -> bool:
    """Whether the node's words say that the registry answered it: a refusal, a limit, or that something is not there."""
    message = _without_names(container, reference)
    if any(part in message for part in _NETWORK):
        return False
    words = (*_PLATFORM, *_LIMIT, *_RIGHT)
    return _says_missing(message) or any(part in message for part in words) or _REFUSED.search(message) is not None


def is_let_in(container: PodContainer, reference: Reference) -> bool:
    """Whether the node's words say that it may pull: it was told what an image holds, or that a registry of Azure lacks it.

    ACR refuses who has no right before it looks for anything; other registries may answer "not found" to them.
    """
    message = _without_names(container, reference)
    if any(part in message for part in (*_NETWORK, *_RIGHT, *_SIGN_IN)) or _REFUSED.search(message):
        return False
    is_lacking = is_azure_registry(reference.registry) and _says_missing(message)
    return is_lacking or any(part in message for part in _PLATFORM)


def _says_missing(message: str) -> bool:
    """Whether the registry told the node that it does not have something."""
    return any(part in message for part in _MISSING) and not any(part in message for part in _NOT_THE_REGISTRY)


def _without_names(container: PodContainer, reference: Reference) -> str:
    """The kubelet's message in small letters without what it is about: a repository may be called `geofence`, a tag `denied`."""
    names = "|".join(re.escape(name.lower()) for name in (container.image, reference.registry, "https://", "http://"))
    return re.sub(rf"(?:{names})[^\s\"]*", "", container.message.lower())


def _missing(reference: Reference, word: Presence) -> Cause:
    if word.kind is AbsenceKind.REPOSITORY_UNKNOWN:
        return Cause.REPOSITORY
    return Cause.DIGEST if reference.digest else Cause.TAG


def sentence(container: PodContainer, word: Presence | None) -> str:
    """Why it cannot pull: first what is missing, as narrow columns cut the end, and at last what would help."""
    try:
        reference = parse_reference(container.image)
    except InvalidReference as error:
        return f"cannot pull: {error.headline} {error.remedy}"
    return f"cannot pull: {_explain(cause_of(container, reference, word), container, reference, word)}"


REMEDIES: Mapping[Cause, str] = {
    Cause.NAME: "Correct the name of the image in the workload.",
    Cause.REPOSITORY: "Correct the name, or push the image there.",
    Cause.TAG: "Push the tag, or name one that is there.",
    Cause.DIGEST: "Push it again, or name a digest that is there.",
    Cause.RIGHT: "Set imagePullSecrets that the registry accepts.",
    Cause.PLATFORM: "Build it for the platform of the node as well.",
    Cause.LIMIT: "Sign the nodes in, or keep the image in a registry of your own.",
    Cause.NETWORK: "Let nodes resolve and reach it: DNS, proxy, firewall, certificates.",
    Cause.NEVER: "Load the image on the node, or change the pull policy.",
    Cause.UNKNOWN: "See the pod's events: kubectl describe pod.",
}
"""What helps, by what is wrong, where nothing more exact is known; the same words wherever it is said."""


def _explain(cause: Cause, container: PodContainer, reference: Reference, word: Presence | None) -> str:
    registry, repository = reference.registry, reference.repository
    is_there = word is not None and word.there
    match cause:
        case Cause.REPOSITORY:
            return f"no repository {repository} in {registry}. {REMEDIES[cause]}"
        case Cause.TAG if is_there:
            return f"no tag {reference.tag} when the node asked; it is in {registry}/{repository} now. Wait for the next try."
        case Cause.TAG:
            return f"no tag {reference.tag} in {registry}/{repository}. {REMEDIES[cause]}"
        case Cause.DIGEST:
            lacks = f"no digest {reference.digest[:19]} in {registry}/{repository}: deleted, or never pushed there"
            return f"{lacks}. {REMEDIES[cause]}"
        case Cause.RIGHT:
            return _no_right(registry, repository, word)
        case Cause.PLATFORM:
            return f"no image for the platform of the node in {registry}/{repository}. {REMEDIES[cause]}"
        case Cause.LIMIT:
            return f"too many pulls: {registry} limits their number. {REMEDIES[cause]}"
        case Cause.NETWORK:
            return f"no connection from the node to {registry}: {said(container)}. {REMEDIES[cause]}"
        case Cause.NEVER:
            return f"the pull policy is Never and the node does not have the image. {REMEDIES[cause]}"
        case Cause.NAME:
            return f"{said(container) or 'the name is not valid'}. {REMEDIES[cause]}"
        case Cause.UNKNOWN:
            return f"{registry}/{repository}: {said(container) or 'the node gives no reason'}. {REMEDIES[cause]}"


def _no_right(registry: str, repository: str, word: Presence | None) -> str:
    # AcrPull is a role of Azure's registries; others know logins only.
    grant = f"Grant AcrPull on {registry} to the kubelet identity, or set imagePullSecrets."
    remedy = grant if is_azure_registry(registry) else REMEDIES[Cause.RIGHT]
    if word is not None and word.there:
        return f"no right of the cluster to pull {registry}/{repository}, where the image is. {remedy}"
    if word is not None and word.kind is AbsenceKind.DENIED:
        return f"no right of the cluster to pull {registry}/{repository}, which cannot be read from here either. {remedy}"
    return f"no right of the cluster to pull {registry}/{repository}, or no such repository: it is refused. {remedy}"


def said(container: PodContainer) -> str:
    """The kubelet's cause, which stands last, without what was being done, as one sentence without its full stop."""
    message = clean(container.message)
    _, _, cause = message.rpartition(" desc = ")
    text = _DOING.sub("", cause or message).rstrip(". ").replace(". ", "; ")
    return text if len(text) <= _SAID else f"{text[: _SAID - 1]}…"
