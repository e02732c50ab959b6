"""Reviews of oneself: who am I, may I, what may I (kubernetes.io/docs/reference/kubernetes-api/authorization-resources)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tui.demo.cluster import status
from tui.demo.cluster.kinds import ApiResource
from tui.demo.cluster.rights import User
from tui.demo.content import Json
from tui.demo.http import Reply, Request, json_reply

__all__ = ["review"]


def review(request: Request, kind: ApiResource, user: User) -> Reply:
    """Answer a review; nothing is stored."""
    if "protobuf" in request.headers.get("content-type", ""):
        return status.unsupported()
    try:
        spec = _object(_object(json.loads(request.body or b"{}")).get("spec"))
    except ValueError as error:
        return status.bad_request(f"the object provided is unrecognized (must be of type {kind.kind}): {error}")
    match kind.kind:
        case "SelfSubjectReview":
            fields: Json = {"status": {"userInfo": {"username": user.name, "groups": [*user.groups, "system:authenticated"]}}}
        case "SelfSubjectRulesReview":
            rules = user.rules(str(spec.get("namespace") or "default"))
            answer: Json = {"resourceRules": rules, "nonResourceRules": [], "incomplete": False}
            fields = {"spec": {}, "status": answer}
        case _:
            fields = {"spec": spec, "status": _access(_object(spec.get("resourceAttributes")), user)}
    head: Json = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {"creationTimestamp": None}}
    return json_reply({**head, **fields}, 201, (status.AUDIT,))


def _access(attributes: Mapping[str, object], user: User) -> Json:
    words = [str(attributes.get(name) or "") for name in ("verb", "group", "resource", "namespace")]
    if not user.may(*words):
        return {"allowed": False}
    scope = 'ClusterRoleBinding "cluster-admin" of ClusterRole' if user.everything else 'RoleBinding "team-view" of Role'
    return {"allowed": True, "reason": f'RBAC: allowed by {scope} "view" to User "{user.name}"'}


def _object(value: object) -> dict[str, object]:
    return {str(name): member for name, member in value.items()} if isinstance(value, dict) else {}
