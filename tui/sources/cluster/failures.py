"""What goes wrong between us and an API server, in the operator's words."""

from __future__ import annotations

import errno
import logging
from typing import assert_never

import aiohttp
import msgspec

from tui.domain.common.decoding import DECODING, json_decoder
from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean
from tui.errors import Changed, Expired, Inapplicable, NoAnswer, OutcomeUnknown, SourceError, Unreachable, UntrustedPayload
from tui.sources.kit.refusals import Refusal, Sentence, refusal_of, refused
from tui.sources.kit.requestlog import cause_of
from tui.sources.kit.troubles import Trouble, trouble_of

__all__ = ["Status", "answer_error", "cut_list", "decode_error", "no_answer"]
__all__ += ["outcome_unknown", "status_error", "transport_error"]

_log = logging.getLogger(__name__)
# A wait longer than this is a mistake of the server or of something in between.
MAX_RETRY_AFTER = 300.0
MAX_CAUSES = 20
# By these words admission refuses what RBAC allows, with the same status (k8s.io/apiserver pkg/admission: plugin/webhook/errors
# and plugin/policy/validating; kubernetes plugin/pkg/admission/resourcequota).
_ADMISSION = ("admission webhook", "ValidatingAdmissionPolicy", "exceeded quota", "violates PodSecurity")
_ASK_RULES = "Ask whoever keeps the admission rules of the cluster; the message says which one it is."


class _Metadata(msgspec.Struct, rename="camel", gc=False):
    continue_token: str = msgspec.field(default="", name="continue")


class _Cause(msgspec.Struct, rename="camel", gc=False):
    message: str = ""
    field: str = ""


class _Details(msgspec.Struct, rename="camel", gc=False):
    retry_after_seconds: float | None = None
    causes: list[_Cause] | None = None


class Status(msgspec.Struct, rename="camel", gc=False):
    """The error object of API servers (meta/v1 Status)."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    metadata: _Metadata | None = None
    details: _Details | None = None


_status = json_decoder(Status)


def answer_error(code: int, body: bytes, purpose: str, host: str, retry_after: str = "") -> SourceError:
    """The error for an HTTP answer that is not 200; `purpose` names the right, e.g. `list pods in namespace shop`."""
    try:
        status = _status.decode(body)
    except DECODING:
        # The body of something that is not an API server stays out of messages: it may hold anything.
        status = Status()
    if code in (403, 404) and status.kind != "Status":
        return UntrustedPayload(
            f"{host} answered {code} to the request to {purpose}, but not as an API server does.",
            "Check 'server' in the kubeconfig, and whether a proxy, a firewall or an ingress answers in its place.",
        )
    status.code = code
    return status_error(status, purpose, host, _seconds(retry_after))


def status_error(status: Status, purpose: str, host: str, retry_after: float | None = None) -> SourceError:
    """The error for a Status, as an answer or as an ERROR event of a watch (then its `code` counts, not HTTP's 200)."""
    wait = retry_after if retry_after is not None else _asked_wait(status)
    kind = refusal_of(status.code)
    error = refused(kind, _sentence(kind, status, purpose, host, wait), wait)
    if isinstance(error, Expired) and status.metadata is not None:
        error.continue_token = status.metadata.continue_token
    if isinstance(error, Changed) and status.details is not None:
        causes = (status.details.causes or ())[:MAX_CAUSES]
        error.differences = tuple(
            quoted(f"{cause.message}: {cause.field}" if cause.field else cause.message, 300) for cause in causes
        )
    return error


def _sentence(kind: Refusal, status: Status, request: str, host: str, wait: float | None) -> Sentence:
    message = quoted(status.message, 200)
    because = f": {message}" if message else "."
    match kind:
        case Refusal.SIGN_IN:
            return Sentence(
                f"The API server {host} does not accept the sign-in.",
                "Sign in again (az login; kubelogin convert-kubeconfig -l azurecli) or fetch the kubeconfig again.",
            )
        case Refusal.RIGHT:
            if any(word in status.message for word in _ADMISSION):
                return Sentence(f"The cluster's rules refuse to {request}{because}", _ASK_RULES, error=Inapplicable)
            return Sentence(f"No right to {request}." + (f" {message}" if message else ""), remedy_for(request), right=request)
        case Refusal.ABSENT:
            words = f"The API server {host} does not know the request to {request} (404)."
            return Sentence(words + (f" It says: {message}" if message else ""), "Check the server's address and version.")
        case Refusal.GONE:
            return Sentence(f"The position to {request} is no longer known to {host}.", "It is listed again.")
        case Refusal.LIMIT:
            pause = f", waiting {wait:.0f} s" if wait else ""
            return Sentence(f"The API server {host} refuses: too many requests (429){pause}.", "It is retried automatically.")
        case Refusal.REDIRECT:
            return Sentence(
                f"{host} redirects elsewhere, which API servers do not.",
                "Check 'server' in the kubeconfig and the proxy.",
                error=Unreachable,
            )
        case Refusal.FAULT:
            return Sentence(f"The API server {host} failed with {status.code}{because}", "It is retried automatically.")
        case Refusal.OTHER if status.code == 409:
            words = f"The API server {host} refused to {request}, as the object is not as it was{because}"
            return Sentence(words, "Look at the object as it is now, and make a new plan.", error=Changed)
        case Refusal.OTHER if status.code == 422:
            words = f"The API server {host} refused to {request}, as it cannot be done to this object{because}"
            return Sentence(words, "Look at the object as it is now: kubectl get -o yaml.", error=Inapplicable)
        case Refusal.OTHER:
            words = f"The API server {host} refused to {request} with {status.code}{because}"
            return Sentence(words, "It is retried.")
        case _:
            assert_never(kind)


def remedy_for(purpose: str) -> str:
    """Whom to ask for what, when a right is missing."""
    if "namespace" in purpose and "namespaces" not in purpose:
        return "Ask for the role 'view' in that namespace (on AKS: Azure Kubernetes Service RBAC Reader scoped to it)."
    if "nodes" in purpose:
        return "Ask for a ClusterRole that may get, list and watch nodes ('view' does not)."
    return "Ask for the ClusterRole 'view' (on AKS: Azure Kubernetes Service RBAC Reader), or name namespaces with -n."


def transport_error(error: Exception, host: str) -> SourceError:
    """The error for a request that got no whole answer."""
    if isinstance(error, SourceError):
        return error
    name = host.rsplit(":", 1)[0].strip("[]")
    match trouble_of(error):
        case Trouble.CERTIFICATE:
            reason = clean(str(getattr(getattr(error, "certificate_error", error), "verify_message", "") or "not trusted"), 120)
            return Unreachable(
                f"The certificate of {host} is not trusted: {reason}.",
                "Check certificate-authority-data in the kubeconfig, or whether a proxy opens TLS connections (SSL_CERT_FILE).",
            )
        case Trouble.PROXY:
            return Unreachable(
                f"The proxy in front of {host} refuses the connection.", "Check HTTPS_PROXY, NO_PROXY and proxy-url."
            )
        case Trouble.NAME:
            return Unreachable(
                f"The name {name} does not resolve.",
                "A private cluster's name resolves only inside its network: use the VPN, a jump box or its private DNS zone.",
            )
        case Trouble.TLS:
            return Unreachable(
                f"No TLS connection with {host}: {clean(str(error), 120)}.",
                "Check the server's address, port and client certificate.",
            )
        case trouble:
            return _broken_off(trouble, error, host)


def no_answer(host: str) -> NoAnswer:
    """The error for a server that listens, and says nothing."""
    return NoAnswer(
        f"{host} takes connections but does not answer.",
        "The API server hangs, or a proxy holds the request back: ask whoever runs it. It is retried automatically.",
    )


def _broken_off(trouble: Trouble, error: Exception, host: str) -> SourceError:
    match trouble:
        case Trouble.SILENCE:
            return no_answer(host)
        case Trouble.TIME:
            return Unreachable(
                f"{host} did not answer in time.", "Check the network, the VPN and the API server's authorised IP ranges."
            )
        case Trouble.ADDRESS if isinstance(error, aiohttp.InvalidURL):
            return Unreachable("The server's address in the kubeconfig is not a URL.", "Correct 'server' of the cluster.")
        case _ if isinstance(error, OSError):
            return Unreachable(
                f"{host} cannot be reached: {_reason(error)}.", "Check that the cluster runs, the network and the VPN."
            )
        case Trouble.CUT:
            return Unreachable(f"{host} cut the connection in the middle of an answer.", "It is retried automatically.")
        case Trouble.NOT_HTTP:
            message = getattr(error, "message", "")
            return UntrustedPayload(
                f"{host} does not answer as HTTP: {clean(str(message), 120)}.", "Check 'server' in the kubeconfig."
            )
        case _:
            _log.info("%s: %s", host, cause_of(error))
            return Unreachable(f"The request to {host} failed.", "Check the network; it is retried automatically.")


def outcome_unknown(purpose: str, host: str) -> OutcomeUnknown:
    """The error for a change that was sent, and of which nobody said what became of it."""
    return OutcomeUnknown(
        f"The request to {purpose} was sent to {host}, and no answer says whether it was done.",
        "Look at the object before anything is sent again: kubectl get -o yaml.",
    )


def cut_list(host: str, resource: str, missing: int) -> UntrustedPayload:
    """The error for a list that ends although more objects are said to follow (api-concepts, `remainingItemCount`)."""
    return UntrustedPayload(
        f"{host} ends its list of {clean(resource, 60)} although {missing:,} more are said to follow.",
        "Check 'server' in the kubeconfig, and whether a proxy answers in its place.",
    )


def decode_error(purpose: str, host: str) -> UntrustedPayload:
    """The error for a body that is not what it should be."""
    return UntrustedPayload(
        f"{host} sent something other than was asked for ({purpose}).",
        "Check 'server' in the kubeconfig, and whether a proxy answers in its place.",
    )


def _reason(error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.ECONNREFUSED:
            return "the connection is refused"
        case errno.EHOSTUNREACH | errno.ENETUNREACH:
            return "no route"
        case errno.ECONNRESET | errno.EPIPE:
            return "the connection was cut"
        case _:
            return clean(getattr(error, "strerror", None) or "it failed", 80)


def _asked_wait(status: Status) -> float | None:
    seconds = status.details.retry_after_seconds if status.details else None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if seconds is not None else None


def _seconds(retry_after: str) -> float | None:
    """`Retry-After` in seconds; API servers send whole seconds, never a date."""
    return (
        min(float(retry_after), MAX_RETRY_AFTER)
        if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9
        else None
    )
