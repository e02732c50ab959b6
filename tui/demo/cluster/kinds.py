"""The kinds that are served."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "ApiResource", "kind_of"]


@dataclass(frozen=True, slots=True)
class ApiResource:
    """A resource as discovery shows it.

    `columns` are the printer columns of a custom one: path, name, type, priority; `status` and `scale` tell that it has that
    subresource.
    """

    resource: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ("get", "list", "watch")
    columns: tuple[tuple[str, str, str, int], ...] = ()
    status: bool = False
    scale: bool = False

    @property
    def api_version(self) -> str:
        """Group and version as objects write them."""
        return f"{self.group}/{self.version}" if self.group else self.version


_REVIEW = ("create",)
# Gatekeeper makes a kind of each template; its resource is the kind in small letters.
_CONSTRAINTS, _RATIFY = "constraints.gatekeeper.sh", "config.ratify.deislabs.io"
_CONSTRAINT_KINDS = ("K8sAzureV2ContainerAllowedImages", "K8sAllowedRepos", "K8sDisallowedTags", "RatifyVerification")
_RATIFY_KINDS = ("Store", "Verifier", "KeyManagementProvider")
_REGISTRATION = "admissionregistration.k8s.io"
_WEBHOOK_KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
# As trivy-operator's CustomResourceDefinition has them.
_REPORT_COLUMNS = (
    ("report.artifact.repository", "Repository", "string", 0),
    ("report.artifact.tag", "Tag", "string", 0),
    ("report.scanner.name", "Scanner", "string", 0),
    ("metadata.creationTimestamp", "Age", "date", 0),
    *((f"report.summary.{name.lower()}Count", name, "integer", 1) for name in ("Critical", "High", "Medium", "Low", "Unknown")),
)
KINDS: tuple[ApiResource, ...] = (
    ApiResource("namespaces", "Namespace", namespaced=False, short=("ns",)),
    ApiResource("nodes", "Node", namespaced=False, short=("no",)),
    ApiResource("pods", "Pod", short=("po",)),
    ApiResource("replicationcontrollers", "ReplicationController", short=("rc",), scale=True),
    ApiResource("events", "Event", short=("ev",)),
    ApiResource("daemonsets", "DaemonSet", "apps", short=("ds",)),
    ApiResource("deployments", "Deployment", "apps", short=("deploy",), scale=True),
    ApiResource("replicasets", "ReplicaSet", "apps", short=("rs",), scale=True),
    ApiResource("statefulsets", "StatefulSet", "apps", short=("sts",), scale=True),
    ApiResource("cronjobs", "CronJob", "batch", short=("cj",)),
    ApiResource("jobs", "Job", "batch"),
    ApiResource("poddisruptionbudgets", "PodDisruptionBudget", "policy", short=("pdb",)),
    ApiResource("rollouts", "Rollout", "argoproj.io", "v1alpha1", short=("ro",), scale=True),
    ApiResource(
        "vulnerabilityreports",
        "VulnerabilityReport",
        "aquasecurity.github.io",
        "v1alpha1",
        short=("vuln", "vulns"),
        columns=_REPORT_COLUMNS,
    ),
    *(ApiResource(name.lower(), name, _CONSTRAINTS, "v1beta1", namespaced=False, status=True) for name in _CONSTRAINT_KINDS),
    *(ApiResource(f"{name.lower()}s", name, _RATIFY, "v1beta1", namespaced=False, status=True) for name in _RATIFY_KINDS),
    *(ApiResource(f"{name.lower()}s", name, _REGISTRATION, namespaced=False) for name in _WEBHOOK_KINDS),
    ApiResource("validatingadmissionpolicies", "ValidatingAdmissionPolicy", _REGISTRATION, namespaced=False, status=True),
    ApiResource("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", _REGISTRATION, namespaced=False),
    ApiResource("selfsubjectreviews", "SelfSubjectReview", "authentication.k8s.io", namespaced=False, verbs=_REVIEW),
    ApiResource("selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io", namespaced=False, verbs=_REVIEW),
    ApiResource("selfsubjectrulesreviews", "SelfSubjectRulesReview", "authorization.k8s.io", namespaced=False, verbs=_REVIEW),
)
_BY_KIND = {kind.kind: kind for kind in KINDS}


def kind_of(kind: str) -> ApiResource:
    """The kind of this name."""
    return _BY_KIND[kind]
