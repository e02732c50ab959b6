"""The commands of others that show what a fact says: `kubectl`, `az`, `oras`, `notation` and `cosign`, quoted for a shell.

None of them changes anything. Flags as in `kubectl get --help` (1.32), `oras discover|resolve|manifest fetch --help` (1.3),
`cosign verify|tree --help` (3.1), notation's specs/commandline, `az acr repository show --help`, `az graph query --help` and
`trivy image --help`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from tui.domain.common.source_id import SourceId, SourceKind
from tui.domain.facts.image import Platform
from tui.domain.facts.patterns import is_azure_registry
from tui.domain.facts.reference import is_tag
from tui.domain.facts.signature import Outcome, SignatureSystem
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.domain.plans.commands import command_line, kubectl, registry_name, resource_name
from tui.domain.snapshot.snapshot import Container, Image, Workload

__all__ = [
    "Command",
    "of_admission",
    "of_base",
    "of_configuration",
    "of_container",
    "of_image",
    "of_pod",
    "of_pods_that_wait",
    "of_scan",
    "of_signature",
    "of_workload",
    "verification",
]

MOST_PODS, MOST_PLACES = 3, 3
_STATUS = {
    ContainerType.CONTAINER: "containerStatuses",
    ContainerType.INIT: "initContainerStatuses",
    ContainerType.SIDECAR: "initContainerStatuses",
    ContainerType.EPHEMERAL: "ephemeralContainerStatuses",
}
_MEMBER = {
    ContainerType.CONTAINER: "containers",
    ContainerType.INIT: "initContainers",
    ContainerType.SIDECAR: "initContainers",
}
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""What containers may be called (RFC 1123 label)."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ASSESSED = (
    'securityresources | where type =~ "microsoft.security/assessments/subassessments"'
    ' | where properties.additionalData.artifactDetails.digest == "{}" | project properties.id, properties.status.code'
)
_TEMPLATE = {
    "CronJob": ".spec.jobTemplate.spec.template.spec",
    "Pod": ".spec",
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Rollout"), ".spec.template.spec"
    ),
}
"""Where the objects of each kind have the specification of their pods."""


class Command(msgspec.Struct, frozen=True):
    """A command, and in a few words what it shows."""

    shows: str
    line: str


# ---- images


def of_image(image: Image) -> Iterator[Command]:
    """That the image is there, under which names, and what the registry says of it."""
    if not image.key.digest or image.absent:
        return
    tag = next((tag for tag in image.tags if is_tag(tag)), "")
    if tag:
        yield Command(f"the digest that the tag {tag} names now", command_line("oras", "resolve", f"{image.name}:{tag}"))
    if is_azure_registry(image.key.registry):
        place = f"{image.key.repository}@{image.key.digest}"
        name = registry_name(image.key.registry)
        yield Command(
            "its tags, times and locks", command_line("az", "acr", "repository", "show", "--name", name, "--image", place)
        )
    else:
        yield Command("its manifest", command_line("oras", "manifest", "fetch", "--pretty", image.key.reference))


def of_signature(image: Image) -> Iterator[Command]:
    """What is attached to the digest of the image, and whether the tools that sign accept it."""
    if not image.key.digest or image.absent:
        return
    reference = image.key.reference
    outcomes = [outcome for artifact in image.signatures for outcome in artifact.outcomes]
    yield Command("everything that is attached to it", command_line("oras", "discover", reference))
    for system in dict.fromkeys(outcome.system for outcome in outcomes):
        outcome = next(outcome for outcome in outcomes if outcome.system is system)
        yield Command(f"whether {system} accepts its signature", verification(outcome, image))
    if not outcomes:
        yield Command("the signatures that notation finds", command_line("notation", "list", reference))
        yield Command("the signatures that cosign finds", command_line("cosign", "tree", reference))


def verification(outcome: Outcome, image: Image) -> str:
    """The command of the system itself that verifies the same; keys and identities that are not known are left to fill in."""
    reference = f"{image.name}@{outcome.subject_digest or image.key.digest}"
    if outcome.system is SignatureSystem.NOTATION:
        return command_line("notation", "verify", reference)
    if outcome.chain:
        options = ("--certificate-identity", "IDENTITY", "--certificate-oidc-issuer", "ISSUER")
        return command_line("cosign", "verify", *options, reference)
    key = outcome.signer if outcome.signer.endswith((".pub", ".pem")) else "KEY.pub"
    return command_line("cosign", "verify", "--key", key, reference)


def of_scan(image: Image, sources: Iterable[SourceId], places: Iterable[ObjectKey]) -> Iterator[Command]:
    """The reports of scanners, as far as they lie where a command reaches them; else a scan of one's own."""
    names = [source.name for source in sources if source.kind is SourceKind.SCANNER]
    namespaces = {(place.cluster, place.namespace): place for place in places if place.namespace}
    for name in names:
        scanner, _, cluster = name.partition("/")
        reporting = [place for place in namespaces.values() if scanner == "trivy-operator" and place.cluster == cluster]
        for place in reporting[:MOST_PLACES]:
            words = ("get", "vulnerabilityreports.aquasecurity.github.io", "--output", "wide")
            yield Command(f"the reports of the operator in {place.namespace}", kubectl(place, *words))
    if image.key.digest and not image.absent:
        if "defender" in names and _DIGEST.fullmatch(image.key.digest):
            query = _ASSESSED.format(image.key.digest)
            yield Command("what Defender found in it", command_line("az", "graph", "query", "--graph-query", query))
        if "attached" in names:
            yield Command("the reports that are attached to it", command_line("oras", "discover", image.key.reference))
        line = command_line("trivy", "image", "--severity", "CRITICAL,HIGH", image.key.reference)
        yield Command("what a scan finds now", line)


def of_base(image: Image) -> Iterator[Command]:
    """The layers that an image shares with its base, and what that base's tag names now."""
    yield from of_configuration(image, "its layers (rootfs.diff_ids), which begin with those of its base")
    link = image.base
    if link is not None and link.base.repository and is_tag(link.tag):
        name = f"{link.base.name}:{link.tag}"
        yield Command("the newest build of its base", command_line("oras", "resolve", name))


def of_configuration(image: Image, shows: str = "when and from what it was built") -> Iterator[Command]:
    """The configuration of an image; of an index that of its first platform."""
    if not image.key.digest or image.absent:
        return
    platform = next((str(platform) for platform in image.platforms if _is_known(platform)), "")
    choice = ("--platform", platform) if platform and len(image.digests) > 1 else ()
    yield Command(shows, command_line("oras", "manifest", "fetch-config", "--pretty", *choice, image.key.reference))


def _is_known(platform: Platform) -> bool:
    return "unknown" not in (platform.os, platform.architecture) and bool(platform.os and platform.architecture)


# ---- clusters


def of_workload(workload: Workload) -> Iterator[Command]:
    """The workload as the cluster has it."""
    yield Command(
        f"the workload {workload.key.name}", kubectl(workload.key, "get", resource_name(workload.key), "--output", "wide")
    )


def of_container(workload: Workload, container: Container) -> Iterator[Command]:
    """What a container names, what its pods run, and what the name means now."""
    key = workload.key
    template, member = _TEMPLATE.get(key.kind), _MEMBER.get(container.type)
    if template is not None and member is not None:
        line = kubectl(key, "get", resource_name(key), "--output", _path(f"{template}.{member}", container.name, "image"))
        yield Command(f"the image that {container.name} names", line)
    status = _STATUS.get(container.type)
    for pod in [pod for pod in container.pod_refs if not pod.ended][:MOST_PODS] if status is not None else ():
        path = _path(f".status.{status}", container.name, "imageID")
        yield Command(f"what {pod.name} runs", kubectl(key, "get", f"pod/{pod.name}", "--output", path))
    if container.name_of is not None and is_tag(container.tag):
        line = command_line("oras", "resolve", f"{container.name_of}:{container.tag}")
        yield Command(f"the digest that the tag {container.tag} names now", line)


def _path(members: str, name: str, field: str) -> str:
    """A field of the member of that name; the whole object, where the name is none that a container could have."""
    return f'jsonpath={{{members}[?(@.name=="{name}")].{field}}}' if _NAME.fullmatch(name) else "yaml"


def of_pod(workload: ObjectKey, pod: str) -> Command:
    """A pod with its events."""
    return Command(f"the state and the events of {pod}", kubectl(workload, "describe", f"pod/{pod}"))


def of_pods_that_wait(workload: Workload, container: Container) -> Iterator[Command]:
    """The events of pods that cannot start."""
    waiting = [pod.name for pod in container.pod_refs if not pod.ended and not pod.digest] or [
        pod.name for pod in container.pod_refs if not pod.ended and pod.state == "waiting"
    ]
    yield from (of_pod(workload.key, pod) for pod in waiting[:MOST_PODS])


def of_admission(cluster: str) -> Iterator[Command]:
    """The rules of the cluster's gate; all constraints of Gatekeeper are in the category `constraints`."""
    yield Command("the rules of the cluster", command_line("kubectl", "--context", cluster, "get", "constraints"))
