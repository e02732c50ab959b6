"""Gates beside Gatekeeper that can refuse a pod for its image: Kyverno, ValidatingAdmissionPolicies, webhooks.

None of them is evaluated here (Kyverno's language, CEL, a server of somebody's own): they are named, so that nobody takes the
silence of Gatekeeper for consent. Those that only warn, audit or change are left out.

Sources: kubernetes.io/docs/reference/access-authn-authz (validating-admission-policy, extensible-admission-controllers);
kyverno/kyverno api/kyverno/v1 (`validationFailureAction` and its overrides, `rules[].validate.failureAction`, `verifyImages`) and
api/policies.kyverno.io (`validationActions`); sigstore/policy-controller docs (`spec.mode`); kubewarden docs (`spec.mode`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from tui.domain.common.decoding import from_json
from tui.domain.common.text import clean
from tui.domain.facts.admission import Constraint, Enforcement
from tui.sources.ports import ApiResource

__all__ = ["GROUPS", "OtherGates"]

REGISTRATION = "admissionregistration.k8s.io/v1"
KYVERNO = ("kyverno.io/v1", "policies.kyverno.io/v1", "policies.kyverno.io/v1beta1", "policies.kyverno.io/v1alpha1")
SIGSTORE = ("policy.sigstore.dev/v1beta1", "policy.sigstore.dev/v1alpha1")
KUBEWARDEN = ("policies.kubewarden.io/v1",)
GROUPS = (REGISTRATION, *KYVERNO, *SIGSTORE, *KUBEWARDEN)
"""The groups whose resources are looked for; one that the server does not know is no gate."""
MAX_NAME = 253
_IMAGE = re.compile(rb"image", re.IGNORECASE)
_VERIFIERS = re.compile(r"image|sign|cosign|notary|connaisseur|portieris|ratify|policy", re.IGNORECASE)
_OWN = re.compile(r"\.gatekeeper\.sh$|\.kyverno\.svc", re.IGNORECASE)
"""Webhooks of gates that are read by their own objects."""
_GATEKEEPER = "validation.gatekeeper.sh"
"""Gatekeeper's webhook for what constraints say (gatekeeper charts, validatingwebhookconfiguration)."""
_PODS = frozenset({"pods", "*", "*/*"})
_OWNERS = frozenset({"deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"})
"""Whoever may refuse these keeps their new pods away as well."""
_NAMESPACE = "kubernetes.io/metadata.name"
_KUBEWARDENS = frozenset({"ClusterAdmissionPolicy", "AdmissionPolicy", "ClusterAdmissionPolicyGroup", "AdmissionPolicyGroup"})


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


class _Binding(msgspec.Struct, rename="camel"):
    policy_name: str = ""
    validation_actions: list[str] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata
    spec: msgspec.Raw = msgspec.Raw(b"{}")


class _KyvernoRule(msgspec.Struct, rename="camel"):
    validate: msgspec.Raw = msgspec.Raw(b"null")
    verify_images: msgspec.Raw = msgspec.Raw(b"null")


class _Override(msgspec.Struct):
    """What a policy does in some namespaces instead of what it does elsewhere."""

    action: str | None = None


class _Kyverno(msgspec.Struct, rename="camel"):
    validation_failure_action: str | None = None
    validation_failure_action_overrides: list[_Override] | None = None
    validation_actions: list[str] | None = None
    admission: bool | None = None
    rules: list[msgspec.Raw] | None = None


class _Failure(msgspec.Struct, rename="camel"):
    failure_action: str | None = None
    failure_action_overrides: list[_Override] | None = None

    @property
    def enforces(self) -> bool:
        """Whether it enforces anywhere."""
        return _is_enforcing(self.failure_action, self.failure_action_overrides)


class _Mode(msgspec.Struct):
    """How a policy of Sigstore's controller (`enforce`, `warn`) or of Kubewarden (`protect`, `monitor`) counts."""

    mode: str | None = None


class _Rule(msgspec.Struct):
    operations: list[str] | None = None
    resources: list[str] | None = None


class _Expression(msgspec.Struct):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class _Selector(msgspec.Struct, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[_Expression] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing but namespaces by their names."""
        return not self.match_labels and all(expression.key == _NAMESPACE for expression in self.match_expressions or ())


class _Webhook(msgspec.Struct, rename="camel"):
    name: str = ""
    rules: list[_Rule] | None = None
    namespace_selector: _Selector | None = None
    object_selector: _Selector | None = None
    failure_policy: str | None = None


class _Configuration(msgspec.Struct):
    metadata: _Metadata
    webhooks: list[_Webhook] | None = None


class OtherGates:
    """Gathers the pages of every resource that `wants` names; `constraints` are the gates that can refuse.

    `exempt` are the namespaces that Gatekeeper's own webhook is not asked about, as far as it names them.
    """

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._policies: list[tuple[str, msgspec.Raw]] = []
        self._denying: set[str] = set()
        self._found: list[Constraint] = []
        self._installed: dict[str, None] = {}
        self.exempt: tuple[str, ...] = ()
        self._readers: dict[str, Callable[[bytes], None]] = {
            "validatingadmissionpolicies": self._read_policies,
            "validatingadmissionpolicybindings": self._read_bindings,
            "validatingwebhookconfigurations": lambda page: self._read_webhooks(page, changing=False),
            "mutatingwebhookconfigurations": lambda page: self._read_webhooks(page, changing=True),
        }

    def wants(self, resource: ApiResource) -> bool:
        """Whether objects of a resource can be gates."""
        if resource.group_version in KYVERNO:
            self._installed["Kyverno"] = None
            return _is_kyvernos(resource.kind)
        if resource.group_version in SIGSTORE:
            self._installed["the policy controller of Sigstore"] = None
            return resource.kind == "ClusterImagePolicy"
        if resource.group_version in KUBEWARDEN:
            self._installed["Kubewarden"] = None
            return resource.kind in _KUBEWARDENS
        return resource.name in self._readers

    def read(self, resource: ApiResource, page: bytes) -> None:
        """One page of a list. Raises DECODING."""
        reader = self._readers.get(resource.name)
        if reader is not None:
            reader(page)
        elif resource.group_version in KYVERNO:
            self._found += self._kyverno(resource.kind, page)
        else:
            self._found += self._enforcing(resource.kind, page)

    @property
    def installed(self) -> tuple[str, ...]:
        """The gates whose kinds the server knows, whether or not anything of them refuses."""
        return tuple(self._installed)

    @property
    def constraints(self) -> list[Constraint]:
        """The gates that can refuse, once everything was read."""
        bound = [name for name, spec in self._policies if name in self._denying and _IMAGE.search(spec)]
        return [*self._found, *(self._gate("ValidatingAdmissionPolicy", name) for name in bound)]

    # ---- admissionregistration.k8s.io

    def _read_policies(self, page: bytes) -> None:
        self._policies += [(policy.metadata.name, policy.spec) for policy in _objects(page)]

    def _read_bindings(self, page: bytes) -> None:
        """A policy without a binding does nothing; one that is bound to deny refuses."""
        bindings = (from_json(resource.spec, _Binding) for resource in _objects(page))
        self._denying |= {binding.policy_name for binding in bindings if "Deny" in (binding.validation_actions or ())}

    def _read_webhooks(self, page: bytes, *, changing: bool) -> None:
        """Webhooks that are asked about new pods or what makes them; of those that change pods the ones that may refuse."""
        for raw in from_json(page, _List).items or ():
            configuration = from_json(raw, _Configuration)
            for webhook in configuration.webhooks or ():
                if webhook.name == _GATEKEEPER and not changing:
                    self.exempt += _namespaces(webhook.namespace_selector)[1]
                names = f"{configuration.metadata.name} {webhook.name}"
                resources = _PODS if changing else _PODS | _OWNERS
                concerned = any(_is_of(rule, resources) for rule in webhook.rules or ()) and not _OWN.search(webhook.name)
                if concerned and (not changing or _may_refuse(webhook, names)):
                    self._found.append(self._webhook(webhook))

    def _webhook(self, webhook: _Webhook) -> Constraint:
        included, unwanted = _namespaces(webhook.namespace_selector)
        gate = self._gate("webhook", webhook.name)
        return msgspec.structs.replace(gate, namespaces=included, excluded_namespaces=unwanted)

    # ---- Kyverno

    def _kyverno(self, kind: str, page: bytes) -> Iterator[Constraint]:
        for policy in _objects(page):
            spec = from_json(policy.spec, _Kyverno)
            if spec.admission is not False and _IMAGE.search(policy.spec) and _refuses(spec, policy.spec):
                gate = self._gate(f"Kyverno {kind}", policy.metadata.name)
                place = clean(policy.metadata.namespace or "", MAX_NAME)
                yield msgspec.structs.replace(gate, namespaces=(place,)) if place else gate

    def _enforcing(self, kind: str, page: bytes) -> Iterator[Constraint]:
        """Policies of Sigstore's controller and of Kubewarden: those that only watch refuse nothing."""
        for policy in _objects(page):
            if from_json(policy.spec, _Mode).mode not in ("warn", "monitor"):
                yield self._gate(kind, policy.metadata.name)

    def _gate(self, kind: str, name: str) -> Constraint:
        called = clean(name, MAX_NAME)
        opaque = f"The {kind} {called} can refuse images, and what it says of this one cannot be determined from outside."
        return Constraint(self._cluster, kind, called, Enforcement.DENY, opaque=opaque)


def _objects(page: bytes) -> list[_Object]:
    return [from_json(raw, _Object) for raw in from_json(page, _List).items or ()]


def _is_kyvernos(kind: str) -> bool:
    """Kinds of policies: those that generate, delete or mutate refuse nothing."""
    return kind in ("ClusterPolicy", "Policy") or kind.removeprefix("Namespaced").startswith(("ImageValidating", "Validating"))


def _refuses(spec: _Kyverno, raw: msgspec.Raw) -> bool:
    """Whether a policy enforces: as a whole, in a rule about images, or by the actions of its newer form.

    In the newer form to deny is the default (`validationActions`), in the older one to audit.
    """
    if spec.rules is None:
        return "Deny" in (spec.validation_actions or ("Deny",))
    enforces_all = _is_enforcing(spec.validation_failure_action, spec.validation_failure_action_overrides)
    return any(_IMAGE.search(rule) and (enforces_all or _enforces(rule)) for rule in spec.rules)


def _enforces(raw: msgspec.Raw) -> bool:
    """Whether a rule enforces by itself (`validate.failureAction`, `verifyImages[].failureAction`)."""
    rule = from_json(raw, _KyvernoRule)
    verified = from_json(rule.verify_images, list[_Failure] | None) or []
    failures = [from_json(rule.validate, _Failure | None), *verified]
    return any(failure is not None and failure.enforces for failure in failures)


def _is_enforcing(action: str | None, overrides: list[_Override] | None) -> bool:
    """Whether what fails is refused, if only in some namespaces."""
    return "enforce" in {(word or "").lower() for word in (action, *(override.action for override in overrides or ()))}


def _is_of(rule: _Rule, resources: frozenset[str]) -> bool:
    return not {"CREATE", "*"}.isdisjoint(rule.operations or ()) and not resources.isdisjoint(rule.resources or ())


def _may_refuse(webhook: _Webhook, names: str) -> bool:
    """Whether a webhook that changes pods is one that may refuse them: named for it, or asked about all and not to be missed.

    Those that inject something look at chosen pods or namespaces only, or may be missing.
    """
    selectors = (webhook.namespace_selector, webhook.object_selector)
    of_all = all(selector is None or selector.is_empty for selector in selectors)
    return _VERIFIERS.search(names) is not None or (of_all and webhook.failure_policy != "Ignore")


def _namespaces(selector: _Selector | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The namespaces that a selector names, and those that it leaves out; other labels are not known here."""
    expressions = [
        expression for expression in (selector.match_expressions if selector else None) or () if expression.key == _NAMESPACE
    ]
    return _values(expressions, "In"), _values(expressions, "NotIn")


def _values(expressions: Iterable[_Expression], operator: str) -> tuple[str, ...]:
    return tuple(value for expression in expressions if expression.operator == operator for value in expression.values or ())
