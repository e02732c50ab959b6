"""One request to a registry: what is asked for, and by which answers registries say that they do not offer it."""

from __future__ import annotations

import logging

import msgspec

from tui.domain.common.text import clean
from tui.sources.kit.throttle import RequestClass
from tui.sources.kit.transport import LIST_LIMIT, Reply
from tui.sources.registry.faults import RequestContext

__all__ = ["ACCEPT", "ANYTHING", "INDEX", "NO_REFERRERS", "Request", "tell_pause"]

_log = logging.getLogger(__name__)

# Without `*/*`: a registry that only has an old schema 1 image shall say so instead of sending it.
ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.artifact.manifest.v1+json",
        "application/vnd.cncf.oras.artifact.manifest.v1+json",
    )
)
INDEX = "application/vnd.oci.image.index.v1+json"
# What the field's clients take for "there is no referrers API": oras-go (registry/remote, pingReferrers: 404, or 200 with
# another Content-Type), go-containerregistry (pkg/v1/remote, fetchReferrers: 400, 404, 406), and GHCR's 303 to a web page.
NO_REFERRERS = frozenset({303, 400, 405, 406, 501})
ANYTHING = "*/*"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request: path with query from the endpoint's root, what it counts as, and the words for its errors.

    `foreign`: it may be answered by another host, without credentials. `lacking` are statuses by which registries say that
    they do not offer this at all. `content` is JSON that is sent along, by what changes something.
    """

    path: str
    context: RequestContext
    method: str = "GET"
    scope: str = ""
    kind: RequestClass = RequestClass.READ
    accept: str = "application/json"
    limit: int = LIST_LIMIT
    for_rest: bool = False
    foreign: bool = False
    lacking: frozenset[int] = frozenset()
    content: bytes | None = None

    @property
    def headers(self) -> dict[str, str]:
        """All but who asks."""
        return {"Accept": self.accept} if self.content is None else {"Accept": self.accept, "Content-Type": "application/json"}

    def again(self, most: int) -> int:
        """How often it is tried again where nobody knows whether it was done: what changes something never is."""
        return most if self.content is None else 0


def tell_pause(request: Request, reply: Reply, seconds: float) -> None:
    """Everybody waits, as the registry asks: a line of the log."""
    header = f"Retry-After: {clean(reply.header('retry-after'), 40)}" if reply.header("retry-after") else "no Retry-After"
    context = request.context
    _log.debug("%s: %s: answered %d (%s); everybody waits %.1f s", context.host, context.resource, reply.status, header, seconds)
