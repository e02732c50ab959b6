"""The gate of a cluster, read from an API server: discovery, every kind, what is refused, what is absent, what is hostile.

Shapes: open-policy-agent/gatekeeper website/docs/audit.md and pkg/audit/manager.go; names as AKS gives them
(azurepolicy-<template, cut>-<hash>); the policy's template as recorded from Azure Policy.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.recordings import ORIGINS, document
from tests.sources.cluster.apiserver import Answer, ApiServer, body, page, refuse, write_kubeconfig
from tests.sources.cluster.follow import options
from tests.tried import tried
from tui.domain.common.goregexp import matches
from tui.domain.facts.admission import Constraint, Enforcement, Violation
from tui.domain.facts.events import ConstraintsListed, Event, HealthChanged, SourceHealth, SourceState
from tui.sources.admission import GateSource
from tui.sources.admission.source import Pace
from tui.sources.admission.wire import read_constraints
from tui.sources.cluster import ClusterSource

GROUP = "/apis/constraints.gatekeeper.sh/v1beta1"
RATIFY = "/apis/config.ratify.deislabs.io/v1beta1"
ALLOWED = "K8sAzureV2ContainerAllowedImages"
NAME = "azurepolicy-k8sazurev2containerallowedimag-1f6c3a"
NOW = datetime(2026, 8, 21, 2, tzinfo=UTC)


def kinds(*names: str) -> Answer:
    """Discovery of a group, as the API server answers it: each resource with its status beside it."""
    found = [{"name": name.lower(), "kind": name, "namespaced": False, "verbs": ["list"]} for name in names]
    found += [{"name": f"{name.lower()}/status", "kind": name, "namespaced": False, "verbs": ["get"]} for name in names]
    return body(json.dumps({"kind": "APIResourceList", "resources": found}).encode())


def allowed(**more: Any) -> dict[str, Any]:
    """The constraint that Azure Policy makes of its policy for allowed images."""
    spec = {
        "enforcementAction": "deny",
        "match": {"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}], "excludedNamespaces": ["kube-system"]},
        "parameters": {"imageRegex": r"^myreg\.azurecr\.io/.+$", "excludedContainers": ["debugger"]},
    }
    status = {
        "auditTimestamp": "2026-08-21T01:46:13Z",
        "totalViolations": 37,
        "byPod": [{"id": "gatekeeper-audit-0", "enforced": True}],
        "violations": [
            {
                "enforcementAction": "deny",
                "group": "",
                "version": "v1",
                "kind": "Pod",
                "name": "web-0",
                "namespace": "shop",
                "message": "Container image nginx:1.25 for container web has not been allowed.",
            }
        ],
    }
    return {"metadata": {"name": NAME}, "spec": spec, "status": status} | more


def read(*items: object, kind: str = ALLOWED) -> list[Constraint]:
    found, broken = read_constraints(json.dumps({"items": items}).encode(), "lab", kind)
    assert broken == 0
    return found


# ---- objects


def test_a_constraint_of_azure_policy() -> None:
    (found,) = read(allowed())
    assert found == Constraint(
        cluster="lab",
        kind=ALLOWED,
        name=NAME,
        action=Enforcement.DENY,
        total=37,
        violations=(
            Violation(
                "Pod",
                "shop",
                "web-0",
                "Container image nginx:1.25 for container web has not been allowed.",
                Enforcement.DENY,
            ),
        ),
        audited=datetime(2026, 8, 21, 1, 46, 13, tzinfo=UTC),
        images=r"^myreg\.azurecr\.io/.+$",
        excluded_containers=("debugger",),
        kinds=("Pod",),
        excluded_namespaces=("kube-system",),
        managed_by="Azure Policy",
    )


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_parameters_are_those_of_the_recorded_template(origin: str) -> None:
    template = yaml.safe_load(document("gatekeeper/K8sAzureV2ContainerAllowedImages.template.yaml", origin))
    crd = template["spec"]["crd"]["spec"]
    assert crd["names"]["kind"] == ALLOWED
    assert set(crd["validation"]["openAPIV3Schema"]["properties"]) == {"imageRegex", "excludedContainers"}


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_pattern_that_azure_policy_proposes_is_understood(origin: str) -> None:
    policy = json.loads(document("gatekeeper/ContainerAllowedImages.policy.json", origin))
    words = policy["properties"]["parameters"]["allowedContainerImagesRegex"]["metadata"]["description"].split()
    proposed = [word for word in words if word.startswith("^")]
    assert len(proposed) == 2
    for pattern in proposed:
        assert matches(pattern, "contoso.azurecr.io/app:1") is True
        assert matches(pattern, "contoso.azurecr.io.evil.com/app:1") is False


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (None, Enforcement.DENY),
        ("dryrun", Enforcement.DRYRUN),
        ("warn", Enforcement.WARN),
        ("scoped", Enforcement.SCOPED),
        ("explode", Enforcement.UNKNOWN),
    ],
)
def test_actions(text: str | None, action: Enforcement) -> None:
    """Without a word Gatekeeper denies."""
    spec = {"enforcementAction": text} if text else {}
    assert read(allowed(spec=spec))[0].action is action


def test_allowed_repositories_are_beginnings() -> None:
    (found,) = read(
        {"metadata": {"name": "repos"}, "spec": {"parameters": {"repos": ["myreg.azurecr.io/", "b/c-d"]}}}, kind="K8sAllowedRepos"
    )
    answers = [matches(found.images, image) for image in ("myreg.azurecr.io/app", "myregXazurecr.io/app", "b/c-d/e")]
    assert answers == [True, False, True]


@pytest.mark.parametrize(
    ("match", "selective"),
    [
        ({}, False),
        ({"labelSelector": {}}, False),
        ({"labelSelector": {"matchLabels": {"a": "b"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"a": "b"}}}, True),
        ({"name": "web-*"}, True),
    ],
)
def test_what_a_match_may_ask_besides(match: dict[str, Any], selective: bool) -> None:
    assert read(allowed(spec={"match": match}))[0].selective is selective


def test_a_constraint_never_audited_has_no_numbers() -> None:
    (found,) = read(allowed(status={"byPod": []}))
    assert (found.total, found.audited, found.violations) == (None, None, ())


def test_disallowed_repositories_are_what_they_say() -> None:
    spec = {"parameters": {"repos": ["k8s.gcr.io/"]}}
    (found,) = read({"metadata": {"name": "repos"}, "spec": spec}, kind="K8sDisallowedRepos")
    assert (found.images, matches(found.forbidden, "k8s.gcr.io/pause:3.9")) == ("", True)
    assert matches(found.forbidden, "registry.k8s.io/pause:3.9") is False


def test_allowed_images_are_whole_or_beginnings() -> None:
    spec = {"parameters": {"allowedImages": ["a.io/app:1", "b.io/*"]}}
    (found,) = read({"metadata": {"name": "v2"}, "spec": spec}, kind="K8sAllowedReposv2")
    assert [matches(found.images, each) for each in ("a.io/app:1", "a.io/app:12", "b.io/x")] == [True, False, True]


@pytest.mark.parametrize("kind", ["K8sBlockedImages", "OurOwn", "k8sallowedrepos", "K8sAzureV9ContainerBlockedImages"])
def test_the_parameters_of_a_template_that_is_not_known_mean_nothing(kind: str) -> None:
    parameters = {"imageRegex": "^a/", "repos": ["a/"], "exemptImages": ["b/*"], "excludedContainers": ["c"]}
    (found,) = read({"metadata": {"name": "x"}, "spec": {"parameters": parameters}}, kind=kind)
    assert (found.images, found.forbidden, found.exempt_images, found.excluded_containers) == ("", "", (), ())


def test_constraints_on_other_things_are_left_out_unless_they_refuse() -> None:
    """A template of one's own may be called anything: what it refuses counts by its audit."""
    for action, number in (("dryrun", 0), ("warn", 0), ("deny", 1), ("scoped", 1)):
        spec = {"enforcementAction": action, "parameters": {"cpu": "1"}}
        assert len(read({"metadata": {"name": "x"}, "spec": spec}, kind="K8sContainerLimits")) == number
    (found,) = read({"metadata": {"name": "x"}, "spec": {"parameters": {}}}, kind="RequireSupplyChain")
    assert (found.images, found.action) == ("", Enforcement.DENY)


@pytest.mark.parametrize("parameters", [{"repos": []}, {}, {"repos": None}])
def test_an_empty_list_of_what_is_allowed_allows_nothing(parameters: dict[str, Any]) -> None:
    (found,) = read({"metadata": {"name": "x"}, "spec": {"parameters": parameters}}, kind="K8sAllowedRepos")
    assert matches(found.images, "a.io/app:1") is False
    (other,) = read({"metadata": {"name": "x"}, "spec": {"parameters": parameters}}, kind="K8sDisallowedRepos")
    assert matches(other.forbidden, "a.io/app:1") is False
    assert len(read({"metadata": {"name": "x"}, "spec": {"parameters": {"imageRegex": "a"}}}, kind="OurOwn")) == 1


def test_parameters_of_another_shape_are_no_fault() -> None:
    shapes: tuple[object, ...] = ({"repos": "a"}, [], "x", None)
    for parameters in shapes:
        assert read(allowed(spec={"parameters": parameters}))[0].images == ""


def test_what_is_not_understood_is_counted_and_hides_nothing() -> None:
    broken = [1, {"metadata": None}, {"metadata": {"name": "x"}, "status": {"auditTimestamp": "yesterday"}}]
    found, number = read_constraints(json.dumps({"items": [*broken, allowed()]}).encode(), "lab", ALLOWED)
    assert (len(found), number) == (1, 3)


def test_text_from_outside_cannot_reach_the_terminal_as_it_is() -> None:
    violation = {"kind": "Pod", "name": "web-0", "namespace": "shop", "message": "\x1b[31mred\u202e"}
    (found,) = read(allowed(status={"violations": [violation], "totalViolations": 1}))
    assert found.violations[0].message.isprintable()


# ---- the source


def source(server: ApiServer, folder: Path) -> GateSource:
    reader = ClusterSource(options(write_kubeconfig(folder, server.url))).reader()
    return GateSource(reader, Pace(refresh=0.01, retry=0.01, retry_most=0.01), lambda: NOW)


async def first(server: ApiServer, folder: Path) -> tuple[ConstraintsListed | None, SourceHealth]:
    """What the first reading yields."""
    events: list[Event] = []
    async with server.running(), asyncio.timeout(10), aclosing(source(server, folder).events()) as told:
        async for event in told:
            events.append(event)
            if isinstance(event, HealthChanged) and event.health.state is not SourceState.LOADING:
                return next((each for each in events if isinstance(each, ConstraintsListed)), None), event.health
    raise AssertionError("it ended")


def script(**answers: Answer) -> ApiServer:
    """A server with these kinds of constraints and no Ratify."""
    server = ApiServer()
    server.lists(GROUP, kinds(*answers))
    server.lists(RATIFY, refuse(404, "NotFound"))
    for name, answer in answers.items():
        server.lists(f"{GROUP}/{name.lower()}", answer)
    return server


async def test_every_kind_is_read(tmp_path: Path) -> None:
    disallowed = {"metadata": {"name": "no-latest"}, "spec": {"enforcementAction": "warn", "parameters": {"tags": ["latest"]}}}
    server = script(K8sAzureV2ContainerAllowedImages=page([allowed()]), K8sDisallowedTags=page([disallowed]), K8sNone=page(None))
    listed, health = await first(server, tmp_path)
    assert listed is not None
    assert [(each.kind, each.action) for each in listed.constraints] == [
        (ALLOWED, Enforcement.DENY),
        ("K8sDisallowedTags", Enforcement.WARN),
    ]
    assert (listed.complete, str(listed.source), health.state, health.objects) == (
        True,
        f"admission/{listed.cluster}",
        SourceState.OK,
        2,
    )
    assert all(request.method == "GET" for request in server.seen)


async def test_no_gate_at_all_is_off_and_says_so(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(GROUP, refuse(404, "NotFound"))
    _, health = await first(server, tmp_path)
    assert health.state is SourceState.OFF
    assert "has no gate that refuses images: neither Gatekeeper nor Kyverno" in health.error


# ---- what Gatekeeper's Config leaves out (website/docs/exempt-namespaces.md, pkg/controller/config/process/excluder.go)

CONFIGS = "/apis/config.gatekeeper.sh/v1alpha1"
EXCLUDED = [
    {"excludedNamespaces": ["kube-*", "shop"], "processes": ["*"]},
    {"excludedNamespaces": ["seen"], "processes": ["webhook"]},
    {"excludedNamespaces": ["unseen"], "processes": ["audit", "sync"]},
    {"excludedNamespaces": ["mutated"], "processes": ["mutation-webhook"]},
    {"excludedNamespaces": None, "processes": ["*"]},
    {"excludedNamespaces": ["none"]},
]


def config(match: Any = EXCLUDED, name: str = "config", namespace: str = "gatekeeper-system") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"match": match}}


def configured(answer: Answer) -> ApiServer:
    server = script(K8sAzureV2ContainerAllowedImages=page([allowed()]))
    server.lists(CONFIGS, body(b'{"resources": [{"name": "configs", "kind": "Config", "namespaced": true}]}'))
    server.lists(f"{CONFIGS}/configs", answer)
    return server


ALL_OF_IT = (("kube-*", "shop", "seen"), ("kube-*", "shop", "unseen"))


@pytest.mark.parametrize(
    ("configs", "left_out"),
    [
        ([config()], ALL_OF_IT),
        ([config([{"excludedNamespaces": ["a"], "processes": ["webhook"]}])], (("a",), ())),
        ([config(name="configuration")], ((), ())),
        ([config(None)], ((), ())),
        ([{"metadata": {"name": "config", "namespace": "gatekeeper-system"}}], ((), ())),
        ([config(namespace="openshift-gatekeeper-system")], ALL_OF_IT),
        ([config([], namespace="elsewhere"), config()], ALL_OF_IT),
        ([config(), config([{"excludedNamespaces": ["a"], "processes": ["*"]}], namespace="elsewhere")], ALL_OF_IT),
        ([config([]), config(namespace="elsewhere")], ((), ())),
        (None, ((), ())),
    ],
)
async def test_namespaces_that_gatekeeper_leaves_out(tmp_path: Path, configs: Any, left_out: Any) -> None:
    listed, health = await first(configured(page(configs)), tmp_path)
    assert listed is not None
    (found,) = listed.constraints
    assert (found.unasked_namespaces, found.unaudited_namespaces) == left_out
    assert (listed.complete, health.state) == (True, SourceState.OK)


async def test_namespaces_that_gatekeepers_own_webhook_is_not_asked_about(tmp_path: Path) -> None:
    """gatekeeper charts: its webhook leaves out its own namespace by name, and those with a label, which are not known here."""
    server = configured(page([config([{"excludedNamespaces": ["shop"], "processes": ["*"]}])]))
    selector = {
        "matchExpressions": [
            {"key": "admission.gatekeeper.sh/ignore", "operator": "DoesNotExist"},
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["gatekeeper-system", "flux"]},
        ]
    }
    ours = webhook("validation.gatekeeper.sh", namespaceSelector=selector)
    for place, answer in served(REGISTRATION, **{WEBHOOKS: page([ours])}):
        server.lists(place, answer)
    listed, _ = await first(server, tmp_path)
    assert listed is not None
    (found,) = listed.constraints
    assert found.unasked_namespaces == ("shop", "gatekeeper-system", "flux")
    assert found.unaudited_namespaces == ("shop",)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refuse(403, "Forbidden"), "the right to list configs.config.gatekeeper.sh is missing"),
        (page([config([{"excludedNamespaces": "shop", "processes": ["*"]}])]), "Gatekeeper's Config could not be understood"),
        (refuse(500, "InternalError"), ""),
    ],
)
async def test_a_config_that_cannot_be_read_leaves_the_gate_in_part_unknown(tmp_path: Path, answer: Answer, error: str) -> None:
    listed, health = await first(configured(answer), tmp_path)
    assert listed is not None
    assert (listed.complete, health.state, error in listed.error) == (False, SourceState.PARTIAL, True)


# ---- gates beside Gatekeeper (kubernetes.io/docs/reference/access-authn-authz; kyverno/kyverno api/kyverno/v1)

REGISTRATION, KYVERNO = "/apis/admissionregistration.k8s.io/v1", "/apis/kyverno.io/v1"
POLICY = {
    "metadata": {"name": "ours"},
    "spec": {"validations": [{"expression": "object.spec.containers.all(c, c.image.startsWith('contoso.azurecr.io/'))"}]},
}
BINDING = {"metadata": {"name": "ours"}, "spec": {"policyName": "ours", "validationActions": ["Deny", "Audit"]}}
RULE = {"name": "signed", "verifyImages": [{"imageReferences": ["*"], "required": True}]}


def served(path: str, **resources: Answer) -> tuple[tuple[str, Answer], ...]:
    """Discovery and lists of a group; resources by their names."""
    names = [{"name": name, "kind": KINDS_OF.get(name, name), "namespaced": False} for name in resources]
    discovery = body(json.dumps({"kind": "APIResourceList", "resources": names}).encode())
    return ((path, discovery), *((f"{path}/{name}", answer) for name, answer in resources.items()))


KINDS_OF = {
    "clusterimagepolicies": "ClusterImagePolicy",
    "admissionpolicies": "AdmissionPolicy",
    "clusterpolicies": "ClusterPolicy",
    "policies": "Policy",
    "imagevalidatingpolicies": "ImageValidatingPolicy",
}


def webhook(name: str, rules: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    rules = rules or [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    return {"metadata": {"name": f"{name}-configuration"}, "webhooks": [{"name": name, "rules": rules} | more]}


OVERRIDES = [{"action": "enforce", "namespaces": ["prod"]}]


def kyverno(name: str = "signed", rules: tuple[Any, ...] = (RULE,), **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"rules": list(rules)} | spec}


def policies(mode: str = "") -> Answer:
    """Policies of another gate."""
    return page([{"metadata": {"name": "p"}, "spec": {"mode": mode} if mode else {}}])


OF_DEPLOYMENTS = [{"operations": ["CREATE"], "resources": ["deployments"]}]
WEBHOOKS, CHANGING = "validatingwebhookconfigurations", "mutatingwebhookconfigurations"
POLICIES, BINDINGS = "validatingadmissionpolicies", "validatingadmissionpolicybindings"


@pytest.mark.parametrize(
    ("path", "lists", "gate"),
    [
        (REGISTRATION, {POLICIES: page([POLICY]), BINDINGS: page([BINDING])}, "ValidatingAdmissionPolicy ours"),
        (REGISTRATION, {BINDINGS: page([BINDING]), POLICIES: page([POLICY])}, "ValidatingAdmissionPolicy ours"),
        (REGISTRATION, {WEBHOOKS: page([webhook("policy.sigstore.dev")])}, "webhook policy.sigstore.dev"),
        (REGISTRATION, {CHANGING: page([webhook("connaisseur-svc.connaisseur.svc")])}, "webhook connaisseur-svc.connaisseur.svc"),
        (REGISTRATION, {WEBHOOKS: page([webhook("a.b", [{"operations": ["*"], "resources": ["*/*"]}])])}, "webhook a.b"),
        (
            REGISTRATION,
            {WEBHOOKS: page([webhook("a.b", OF_DEPLOYMENTS)])},
            "webhook a.b",
        ),
        (REGISTRATION, {CHANGING: page([webhook("a.b", failurePolicy="Fail")])}, "webhook a.b"),
        (
            "/apis/policy.sigstore.dev/v1beta1",
            {"clusterimagepolicies": policies()},
            "ClusterImagePolicy p",
        ),
        (
            "/apis/policies.kubewarden.io/v1",
            {"admissionpolicies": policies("protect")},
            "AdmissionPolicy p",
        ),
        (KYVERNO, {"clusterpolicies": page([kyverno(validationFailureAction="Enforce")])}, "Kyverno ClusterPolicy signed"),
        (KYVERNO, {"policies": page([kyverno(validationFailureAction="enforce")])}, "Kyverno Policy signed"),
        (KYVERNO, {"policies": page([kyverno(validationFailureActionOverrides=OVERRIDES)])}, "Kyverno Policy signed"),
        (
            KYVERNO,
            {
                "policies": page(
                    [kyverno(rules=({"validate": {"failureActionOverrides": OVERRIDES, "pattern": {"image": "x"}}},))]
                )
            },
            "Kyverno Policy signed",
        ),
        (
            KYVERNO,
            {"clusterpolicies": page([kyverno(rules=({"validate": {"failureAction": "Enforce", "pattern": {"image": "x"}}},))])},
            "Kyverno ClusterPolicy signed",
        ),
        (
            "/apis/policies.kyverno.io/v1",
            {"imagevalidatingpolicies": page([{"metadata": {"name": "signed"}, "spec": {"matchImageReferences": []}}])},
            "Kyverno ImageValidatingPolicy signed",
        ),
    ],
)
async def test_gates_beside_gatekeeper_are_named(tmp_path: Path, path: str, lists: dict[str, Answer], gate: str) -> None:
    server = ApiServer()
    server.lists(GROUP, refuse(404, "NotFound"))
    for place, answer in served(path, **lists):
        server.lists(place, answer)
    listed, health = await first(server, tmp_path)
    assert listed is not None
    (found,) = listed.constraints
    assert f"{found.kind} {found.name}" == gate
    assert f"The {gate} can refuse images" in found.opaque
    assert (health.state, health.objects) == (SourceState.OK, 1)


@pytest.mark.parametrize(
    ("path", "lists"),
    [
        (REGISTRATION, {POLICIES: page([POLICY]), BINDINGS: page()}),
        (
            REGISTRATION,
            {
                POLICIES: page([POLICY]),
                BINDINGS: page([BINDING | {"spec": {"policyName": "ours", "validationActions": ["Audit"]}}]),
            },
        ),
        (
            REGISTRATION,
            {POLICIES: page([POLICY | {"spec": {"validations": [{"expression": "true"}]}}]), BINDINGS: page([BINDING])},
        ),
        (REGISTRATION, {WEBHOOKS: page([webhook("validation.gatekeeper.sh"), webhook("validate.kyverno.svc-fail")])}),
        (
            REGISTRATION,
            {WEBHOOKS: page([webhook("cert-manager.io", [{"operations": ["CREATE"], "resources": ["certificates"]}])])},
        ),
        (REGISTRATION, {CHANGING: page([webhook("vault.hashicorp.com", failurePolicy="Ignore")])}),
        (REGISTRATION, {CHANGING: page([webhook("a.b", objectSelector={"matchLabels": {"inject": "true"}})])}),
        (
            "/apis/policy.sigstore.dev/v1beta1",
            {"clusterimagepolicies": policies("warn")},
        ),
        (
            "/apis/policies.kubewarden.io/v1",
            {"admissionpolicies": policies("monitor")},
        ),
        (KYVERNO, {"clusterpolicies": page([kyverno(), kyverno(validationFailureAction="Audit")])}),
        (
            KYVERNO,
            {"clusterpolicies": page([kyverno(rules=({"validate": {"message": "limits"}},), validationFailureAction="Enforce")])},
        ),
        (KYVERNO, {"clusterpolicies": page([kyverno(validationFailureAction="Enforce", admission=False)])}),
    ],
)
async def test_what_refuses_no_image_is_no_gate(tmp_path: Path, path: str, lists: dict[str, Answer]) -> None:
    server = ApiServer()
    server.lists(GROUP, refuse(404, "NotFound"))
    for place, answer in served(path, **lists):
        server.lists(place, answer)
    _, health = await first(server, tmp_path)
    assert health.state is SourceState.OFF


async def test_a_gate_that_is_installed_and_refuses_nothing_is_named(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(GROUP, refuse(404, "NotFound"))
    for place, answer in served(KYVERNO, clusterpolicies=page([kyverno()])):
        server.lists(place, answer)
    server.lists("/apis/templates.gatekeeper.sh/v1", kinds("ConstraintTemplate"))
    _, health = await first(server, tmp_path)
    assert health.state is SourceState.OFF
    assert "refuses images: Gatekeeper and Kyverno are installed there without a rule that does" in health.error


@pytest.mark.parametrize("gatekeeper", [refuse(404, "NotFound"), kinds(ALLOWED)])
@pytest.mark.parametrize("answer", [refuse(403, "Forbidden", "no"), refuse(500, "InternalError"), body(b'{"items": 3}')])
async def test_a_gate_that_cannot_be_looked_for_is_not_absent(tmp_path: Path, gatekeeper: Answer, answer: Answer) -> None:
    server = ApiServer()
    server.lists(GROUP, gatekeeper)
    server.lists(f"{GROUP}/{ALLOWED.lower()}", page([allowed()]))
    for place, scripted in served(REGISTRATION, **{WEBHOOKS: answer}):
        server.lists(place, scripted)
    listed, health = await first(server, tmp_path)
    assert listed is not None
    assert (listed.complete, health.state) == (False, SourceState.PARTIAL)
    assert health.error
    assert "no gate" not in health.error


async def test_a_webhook_for_some_namespaces_is_about_those(tmp_path: Path) -> None:
    selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]}
    server = ApiServer()
    server.lists(GROUP, refuse(404, "NotFound"))
    for place, answer in served(REGISTRATION, **{WEBHOOKS: page([webhook("a.b", namespaceSelector=selector)])}):
        server.lists(place, answer)
    listed, _ = await first(server, tmp_path)
    assert listed is not None
    assert listed.constraints[0].excluded_namespaces == ("kube-system",)


async def test_a_kind_that_is_refused_is_named_with_the_right(tmp_path: Path) -> None:
    server = script(K8sAzureV2ContainerAllowedImages=page([allowed()]), K8sDisallowedTags=refuse(403, "Forbidden", "no"))
    listed, health = await first(server, tmp_path)
    assert listed is not None
    assert (listed.complete, health.state) == (False, SourceState.PARTIAL)
    assert "list k8sdisallowedtags.constraints.gatekeeper.sh is missing" in listed.error
    assert [denial.right for denial in health.denials] == ["list k8sdisallowedtags.constraints.gatekeeper.sh"]


async def test_everything_refused_is_a_failure_with_the_next_step(tmp_path: Path) -> None:
    listed, health = await first(script(K8sDisallowedTags=refuse(403, "Forbidden", "no")), tmp_path)
    assert (listed, health.state, health.auth_failed) == (None, SourceState.FAILED, True)
    assert "ClusterRole" in health.remedy


@pytest.mark.parametrize("answer", [body(b"<html>sign in</html>"), body(b'{"items": 3}'), body(b"\xff\xfe")])
async def test_a_foreign_answer_is_a_stated_failure(tmp_path: Path, answer: Answer) -> None:
    listed, health = await first(script(K8sDisallowedTags=answer), tmp_path)
    assert (listed, health.state) == (None, SourceState.FAILED)
    assert health.error


async def test_ratifys_verifiers_are_named_where_a_constraint_asks_for_signatures(tmp_path: Path) -> None:
    server = ApiServer()
    server.lists(GROUP, kinds("RatifyVerification"))
    server.lists(f"{GROUP}/ratifyverification", page([{"metadata": {"name": "signed"}, "spec": {}}]))
    server.lists(RATIFY, kinds("Verifiers", "Stores"))
    server.lists(f"{RATIFY}/verifiers", page([{"metadata": {"name": "verifier-notation"}, "spec": {"name": "notation"}}]))
    listed, _ = await first(server, tmp_path)
    assert listed is not None
    (found,) = listed.constraints
    assert (found.integrity, found.title) == (True, "RatifyVerification (notation)")


async def test_a_server_that_stops_is_said_and_comes_back(tmp_path: Path) -> None:
    server = script(K8sAzureV2ContainerAllowedImages=page([allowed()]))
    states: list[SourceState] = []
    async with server.running(), asyncio.timeout(20), aclosing(source(server, tmp_path).events()) as told:
        async for event in told:
            if not isinstance(event, HealthChanged):
                continue
            states.append(event.health.state)
            if event.health.state is SourceState.OK and SourceState.FAILED in states:
                break
            failing = event.health.state is SourceState.OK
            refusal = refuse(403, "Forbidden", "no")
            server.lists(GROUP, *((refusal, kinds(ALLOWED)) if failing and SourceState.FAILED not in states else ()))
            if failing:
                server._lists[GROUP].popleft()
    assert states[:3] == [SourceState.LOADING, SourceState.OK, SourceState.FAILED]


async def test_doctor_reads_once_and_names_what_is_missing(tmp_path: Path) -> None:
    server = script(K8sAzureV2ContainerAllowedImages=page([allowed()]), K8sDisallowedTags=refuse(403, "Forbidden", "no"))
    async with server.running():
        found = await tried(source(server, tmp_path).diagnose())
    assert [(line.state, line.right) for line in found] == [
        ("ok", ""),
        ("denied", "list k8sdisallowedtags.constraints.gatekeeper.sh"),
    ]
    assert found[0].detail == "1 constraint on images, of 2 kinds of constraints"
