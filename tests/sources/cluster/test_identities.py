"""As whom pods act, and which secrets they are given: every place where a template names one, and never what is in it."""

from __future__ import annotations

import json

import pytest

from tui.domain.common.decoding import from_json
from tui.domain.facts.rollout import PodIdentity
from tui.sources.cluster.rollout.identities import WorkloadIdentity, identity_of

POD: dict[str, object] = {
    "serviceAccountName": "shop",
    "imagePullSecrets": [{"name": "pull"}],
    "volumes": [
        {"name": "a", "secret": {"secretName": "mounted", "items": [{"key": "k", "path": "p"}]}},
        {"name": "b", "projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "no"}}]}},
        {"name": "c", "csi": {"driver": "secrets-store", "nodePublishSecretRef": {"name": "published"}}},
        {"name": "d", "emptyDir": {}},
    ],
    "containers": [
        {
            "name": "main",
            "env": [
                {"name": "PASSWORD", "value": "hunter2"},
                {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "by-key", "key": "token"}}},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            ],
            "envFrom": [{"secretRef": {"name": "whole"}}, {"configMapRef": {"name": "no"}}],
        }
    ],
    "initContainers": [{"name": "init", "envFrom": [{"secretRef": {"name": "init"}}]}],
}
NAMES = ("by-key", "init", "mounted", "projected", "published", "pull", "whole")


def read(workload: object) -> PodIdentity | None:
    """What is said of who its pods are."""
    return identity_of(from_json(json.dumps(workload).encode(), WorkloadIdentity))


@pytest.mark.parametrize(
    "spec", [{"template": {"spec": POD}}, {"jobTemplate": {"spec": {"template": {"spec": POD}}}}], ids=["Deployment", "CronJob"]
)
def test_every_secret_that_a_template_names_is_named_once_and_no_value_is(spec: object) -> None:
    identity = read({"spec": spec})
    assert identity == PodIdentity("shop", NAMES)
    assert "hunter2" not in str(identity)


def test_who_names_no_account_is_the_default_one_and_nothing_is_an_answer_too() -> None:
    spec = {"containers": [{"name": "main", "env": None}], "volumes": None, "automountServiceAccountToken": False}
    assert read({"spec": {"template": {"spec": spec}}}) == PodIdentity("default", (), has_token=False)
    assert read({"spec": {"template": None}}) is None
    assert read({}) is None


def test_names_cannot_write_to_the_terminal() -> None:
    spec = {"serviceAccountName": "a\x1b[31mb", "volumes": [{"secret": {"secretName": "s\u202et"}}]}
    identity = read({"spec": {"template": {"spec": spec}}})
    assert identity is not None
    assert "\x1b" not in identity.service_account
    assert "\u202e" not in identity.secrets[0]
