"""Who asks, and what they may do: three users of one company, as RBAC would have them."""

from __future__ import annotations

from dataclasses import dataclass

from tui.demo.cluster.kinds import KINDS, ApiResource
from tui.demo.content import Json

__all__ = ["User"]

_READ = ("get", "list", "watch")
_VIEWED = (
    "pods",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "replicationcontrollers",
    "rollouts",
    "events",
    "poddisruptionbudgets",
)


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated user; `everything` is cluster-admin, `namespaces` those in which a read-only Role is bound."""

    name: str
    groups: tuple[str, ...] = ()
    everything: bool = False
    namespaces: tuple[str, ...] = ()

    def may(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Whether RBAC allows it; an empty namespace means all of them."""
        if self.everything:
            return True
        if resource.startswith("selfsubject"):
            return True
        served = any(kind.group == group and kind.resource == resource for kind in KINDS)
        return served and verb in _READ and resource in _VIEWED and namespace in self.namespaces and namespace != ""

    def may_kind(self, verb: str, kind: ApiResource, namespace: str) -> bool:
        """The same for a kind."""
        return self.may(verb, kind.group, kind.resource, namespace)

    def rules(self, namespace: str) -> list[Json]:
        """As a SelfSubjectRulesReview lists them."""
        reviews: Json = {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"]}
        rules: list[Json] = [{**reviews, "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]}]
        if self.everything:
            return [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, *rules]
        if namespace in self.namespaces:
            for group in sorted({kind.group for kind in KINDS if kind.resource in _VIEWED}):
                names = [kind.resource for kind in KINDS if kind.group == group and kind.resource in _VIEWED]
                rules.append({"verbs": list(_READ), "apiGroups": [group], "resources": names})
        return rules
