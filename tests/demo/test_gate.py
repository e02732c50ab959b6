"""The clusters' own gate in the demo: constraints found by discovery, audits that agree with the pods, lists that are capped."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.demo.serving import asking
from tests.demo.test_cluster import ADMIN
from tests.demo.test_content import company
from tests.recordings import ORIGINS, document
from tui.demo.cluster.kinds import kind_of
from tui.demo.cluster.rights import User
from tui.demo.cluster.server import ApiServer
from tui.demo.content import Json
from tui.demo.estate.gate import ALLOWED

CONSTRAINTS = "/apis/constraints.gatekeeper.sh/v1beta1"


def constraint(kind: str, cluster: int = 0) -> Json:
    """The one constraint of a kind."""
    (entry,) = company().clusters[cluster].store.table(kind_of(kind)).entries.values()
    found = json.loads(entry.whole)
    assert isinstance(found, dict)
    return found


def part(item: Json, name: str) -> Json:
    """A member that is an object."""
    found = item[name]
    assert isinstance(found, dict)
    return found


async def test_kinds_of_constraints_are_found_by_discovery_with_their_status() -> None:
    server = ApiServer(company().clusters[0].store, lambda request: ADMIN)
    async with asking(server.handle) as ask:
        groups = (await ask("/apis")).json["groups"]
        resources = (await ask(CONSTRAINTS)).json["resources"]
        listed = (await ask(f"{CONSTRAINTS}/{ALLOWED.lower()}")).json
    assert isinstance(groups, list)
    assert isinstance(resources, list)
    assert {"constraints.gatekeeper.sh", "config.ratify.deislabs.io"} <= {group["name"] for group in groups}
    assert {ALLOWED.lower(), f"{ALLOWED.lower()}/status"} <= {one["name"] for one in resources}
    assert listed["kind"] == f"{ALLOWED}List"


async def test_constraints_are_refused_to_those_who_read_namespaces_only() -> None:
    viewer = User("viewer", namespaces=("payments",))
    async with asking(ApiServer(company().clusters[0].store, lambda request: viewer).handle) as ask:
        answer = await ask(f"{CONSTRAINTS}/{ALLOWED.lower()}")
    assert answer.status == 403
    assert "at the cluster scope" in answer.body


@pytest.mark.parametrize("origin", ORIGINS)
def test_allowed_images_are_judged_as_the_recorded_template_does(origin: str) -> None:
    """Azure Policy's template: every container whose image the regular expression does not match, in these words."""
    template = yaml.safe_load(document("gatekeeper/K8sAzureV2ContainerAllowedImages.template.yaml", origin))
    item = constraint(ALLOWED)
    assert item["kind"] == template["spec"]["crd"]["spec"]["names"]["kind"]
    spec, status = part(item, "spec"), part(item, "status")
    pattern = part(spec, "parameters")["imageRegex"]
    assert isinstance(pattern, str)
    pods = [pod for pod in company().clusters[0].estate.pods if pod.namespace not in str(spec["match"])]
    boxes = [one.box for pod in pods for one in pod.containers if not re.match(pattern, one.box.image)]
    assert status["totalViolations"] == len(boxes)
    words = template["spec"]["targets"][0]["rego"].split('sprintf("')[1].partition('"')[0]
    assert isinstance(status["violations"], list)
    messages = {words.replace("%v", box.image, 1).replace("%v", box.name, 1) for box in boxes}
    assert {one["message"] for one in status["violations"]} <= messages


@pytest.mark.parametrize("kind", [ALLOWED, "K8sAllowedRepos"])
def test_lists_of_violations_are_capped_and_the_count_is_not(kind: str) -> None:
    status = part(constraint(kind), "status")
    assert isinstance(status["violations"], list)
    assert isinstance(status["totalViolations"], int)
    assert len(status["violations"]) == 20 < status["totalViolations"]


def test_the_second_cluster_rehearses_and_one_constraint_was_never_audited() -> None:
    assert part(constraint(ALLOWED, 1), "spec")["enforcementAction"] == "dryrun"
    assert "totalViolations" not in part(constraint("K8sDisallowedTags", 1), "status")


def test_ratify_has_a_store_and_a_verifier_in_the_first_cluster_only() -> None:
    for kind in ("Store", "Verifier", "KeyManagementProvider"):
        assert constraint(kind)["apiVersion"] == "config.ratify.deislabs.io/v1beta1"
        assert not company().clusters[1].store.table(kind_of(kind)).entries
