"""The clusters' own gate: constraints of Gatekeeper and Azure Policy with what their audit found, and Ratify's configuration.

Forms: open-policy-agent/gatekeeper pkg/audit; Azure Policy's template of allowed images (recordings, gatekeeper);
gatekeeper-library; ratify-project/ratify config/samples.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tui.demo.content import Json
from tui.demo.estate.cluster_builder import ClusterObjects
from tui.demo.estate.images_on_nodes import split
from tui.demo.estate.model import PodModel
from tui.demo.estate.signed import CASES, SigningMethod
from tui.demo.moments import kube_time

__all__ = ["ALLOWED", "RATIFY_NAMES", "Gate", "Rule", "gate_of", "write_constraint", "write_ratify"]

_SINCE = datetime(2026, 3, 2, 9, 14, 7, tzinfo=UTC)
MOST = 20  # of --constraint-violations-limit
SYSTEM = ("kube-system", "gatekeeper-system", "azure-arc", "azure-extensions-usage-system")
ALLOWED = "K8sAzureV2ContainerAllowedImages"
_TRUSTED = r"^(contoso\.azurecr\.io|fabrikam\.azurecr\.io|mcr\.microsoft\.com)/.+$"
RATIFY_NAMES = {
    "Store": "store-oras",
    "Verifier": "verifier-notation",
    "KeyManagementProvider": "keymanagementprovider-contoso",
}
_TAGS = ["latest", "stable", "prod"]
_REPOS = ["contoso.azurecr.io/", "mcr.microsoft.com/"]
_AZURE = {
    "azure-policy-assignment-id": "/subscriptions/8d0c2f61-0000-4000-8000-1b5a7e90c3d2/providers/Microsoft.Authorization/"
    "policyAssignments/allowed-images",
    "azure-policy-definition-id": "/providers/Microsoft.Authorization/policyDefinitions/febd0533-8e55-448f-b837-bd0e06f16469",
}
_BAD = frozenset(
    {
        SigningMethod.NONE,
        SigningMethod.TAMPERED,
        SigningMethod.EXPIRED,
        SigningMethod.OTHER,
        SigningMethod.VENDOR,
        SigningMethod.SANDBOX,
        SigningMethod.FORMER,
        SigningMethod.REVOKED,
    }
)
Violates = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint; `violates` gives the message for a container's name and image, empty when it passes, None: never audited."""

    kind: str
    name: str
    action: str
    parameters: Json
    violates: Violates | None
    excluded: tuple[str, ...] = SYSTEM
    namespaces: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """What guards one cluster; `ratify`: signatures are looked at, too."""

    rules: tuple[Rule, ...]
    ratify: bool


def gate_of(cluster: str) -> Gate:
    """The first cluster is guarded in full, the other still rehearses."""
    first = cluster == "prod-weu"
    images = Rule(
        ALLOWED,
        "azurepolicy-k8sazurev2containerallowedimag-1f0c9d2b7a64e8351c0d",
        "deny" if first else "dryrun",
        {"imageRegex": _TRUSTED, "excludedContainers": ["debugger"]},
        _is_not_allowed,
        annotations=_AZURE,
    )
    if not first:
        new = Rule("K8sDisallowedTags", "no-floating-tags", "warn", {"tags": _TAGS}, None, namespaces=("logistics",))
        return Gate((images, new), False)
    return Gate(
        (
            images,
            Rule("K8sDisallowedTags", "no-floating-tags", "warn", {"tags": _TAGS}, _has_floating_tag),
            Rule("K8sAllowedRepos", "own-registries-only", "dryrun", {"repos": _REPOS}, _is_from_elsewhere),
            Rule("RatifyVerification", "signed-images", "dryrun", {}, _is_not_signed, namespaces=("payments", "checkout")),
        ),
        True,
    )


def _is_not_allowed(container: str, image: str) -> str:
    """Azure Policy matches what is written, not what it is completed to."""
    allowed = container == "debugger" or re.match(_TRUSTED, image)
    return "" if allowed else f"Container image {image} for container {container} has not been allowed."


def _has_floating_tag(container: str, image: str) -> str:
    if split(image)[1] not in _TAGS or "@" in image:
        return ""
    return f"container <{container}> uses a disallowed tag <{image}>; disallowed tags are {_TAGS}".replace("'", '"')


def _is_from_elsewhere(container: str, image: str) -> str:
    if image.startswith(tuple(_REPOS)):
        return ""
    return f"container <{container}> has an invalid image repo <{image}>, allowed repos are {_REPOS}".replace("'", '"')


def _is_not_signed(container: str, image: str) -> str:
    """Ratify here knows Notary signatures of Contoso only."""
    name, tag = split(image)
    return f"Subject failed verification: {image}" if CASES.get(f"{name}:{tag}", SigningMethod.COSE) in _BAD else ""


# ---- objects


def write_constraint(rule: Rule, estate: ClusterObjects, now: datetime, version: str) -> Json:
    """constraints.gatekeeper.sh/v1beta1, as it is after the last audit."""
    uid = _uid_of(f"{estate.name}:{rule.name}")
    metadata: Json = {"name": rule.name, "uid": uid, "resourceVersion": version, "generation": 1}
    metadata["creationTimestamp"] = kube_time(_SINCE)
    if rule.annotations:
        metadata |= {"annotations": dict(rule.annotations), "labels": {"managed-by": "azure-policy-addon"}}
    match: Json = {"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}], "excludedNamespaces": list(rule.excluded)}
    if rule.namespaces:
        match["namespaces"] = list(rule.namespaces)
    spec: Json = {"enforcementAction": rule.action, "match": match}
    if rule.parameters:
        spec["parameters"] = rule.parameters
    pods = [{"id": f"gatekeeper-{name}-0", "enforced": True, "operations": [name]} for name in ("audit", "webhook")]
    status: Json = {"byPod": [{**pod, "constraintUID": uid, "observedGeneration": 1} for pod in pods]}
    if rule.violates is not None:
        violations = list(_violations(rule, rule.violates, estate))
        status |= {"auditTimestamp": kube_time(now), "totalViolations": len(violations)}
        status |= {"violations": violations[:MOST]} if violations else {}
    return {"metadata": metadata, "spec": spec, "status": status}


def _uid_of(text: str) -> str:
    """A uid that an object keeps from audit to audit."""
    mark = hashlib.sha256(text.encode()).hexdigest()
    return f"{mark[:8]}-{mark[8:12]}-4{mark[13:16]}-8{mark[17:20]}-{mark[20:32]}"


def _violations(rule: Rule, violates: Violates, estate: ClusterObjects) -> Iterator[Json]:
    for pod in sorted(estate.pods, key=lambda pod: (pod.namespace, pod.name)):
        if pod.namespace not in rule.excluded and (not rule.namespaces or pod.namespace in rule.namespaces):
            for message in _messages(violates, pod):
                about: Json = {"enforcementAction": rule.action, "group": "", "version": "v1", "kind": "Pod"}
                yield {**about, "message": message, "name": pod.name, "namespace": pod.namespace}


def _messages(violates: Violates, pod: PodModel) -> Iterator[str]:
    messages = (violates(container.box.name, container.box.image) for container in pod.containers)
    return (message for message in messages if message)


def write_ratify(kind: str, now: datetime, version: str) -> Json:
    """config.ratify.deislabs.io/v1beta1 Store, Verifier and KeyManagementProvider (AKS Image Integrity)."""
    name = RATIFY_NAMES[kind]
    metadata: Json = {"name": name, "uid": _uid_of(name), "resourceVersion": version, "generation": 1}
    metadata["creationTimestamp"] = kube_time(_SINCE)
    return {"metadata": metadata, "spec": _RATIFY[kind], "status": {"issuccess": True, "lastfetchedtime": kube_time(now)}}


_STATEMENT = {
    "name": "contoso",
    "registryScopes": ["*"],
    "signatureVerification": {"level": "strict"},
    "trustStores": ["ca:contoso"],
    "trustedIdentities": ["x509.subject: C=NL, ST=Noord-Holland, O=Contoso Retail, OU=Release Engineering"],
}
_RATIFY: Mapping[str, Json] = {
    "Store": {
        "name": "oras",
        "parameters": {"authProvider": {"name": "azureWorkloadIdentity"}, "cosignEnabled": True},
        "version": "1.0.0",
    },
    "Verifier": {
        "name": "notation",
        "artifactTypes": "application/vnd.cncf.notary.signature",
        "parameters": {
            "verificationCertStores": {"ca": {"contoso": ["keymanagementprovider-contoso"]}},
            "trustPolicyDoc": {"version": "1.0", "trustPolicies": [_STATEMENT]},
        },
    },
    "KeyManagementProvider": {
        "type": "azurekeyvault",
        "parameters": {"vaultURI": "https://contoso-signing.vault.azure.net/", "certificates": [{"name": "contoso-root"}]},
    },
}
