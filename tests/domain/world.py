"""A small world told in events: registries with images, clusters with workloads, and the snapshot of it all.

It models the estate that the real test clusters run (one method a kind of thing), so that each case of drift is a few lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from tui.domain.assemble.assemble import Assembler
from tui.domain.assemble.demands import DemandJoin
from tui.domain.common.trust import Check, CheckName
from tui.domain.facts.configured import ConfiguredBase
from tui.domain.facts.events import (
    AbsenceKind,
    BasesConfigured,
    ClaimsRead,
    ConfigRead,
    ControllersSeen,
    Event,
    HealthChanged,
    ListCompleted,
    LookupFailed,
    ManifestRead,
    ManifestsListed,
    NodesSeen,
    Owner,
    Ownership,
    PodsSeen,
    SourceHealth,
    SourceId,
    SourceKind,
    SourceState,
    TagResolved,
    TagsListed,
)
from tui.domain.facts.image import (
    Claim,
    ClaimKind,
    Descriptor,
    HistoryEntry,
    ImageConfig,
    Manifest,
    ManifestKind,
    ManifestListing,
    Platform,
    RepositoryName,
    Tag,
)
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.patterns import parse_pattern
from tui.domain.facts.workload import (
    ContainerType,
    Controller,
    Node,
    OwnerRef,
    Pod,
    PodContainer,
    Resource,
    TemplateContainer,
)
from tui.domain.policy.policy import Policy, built_in
from tui.domain.snapshot.snapshot import Container, Image, Snapshot, Workload

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
AMD = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")
A = "a.azurecr.io"
B = "b.example.com"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest(text: str) -> str:
    """A digest made from a word."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def name_of(text: str) -> RepositoryName:
    """`host/repository`."""
    host, _, repository = text.partition("/")
    return RepositoryName(host, repository)


OURS = Ownership(Owner.OURS, "is listed by Azure Resource Graph")


def trusting(hosts: Iterable[str]) -> Policy:
    """The built-in policy, with whole registries trusted besides."""
    policy = built_in()
    patterns = (*map(parse_pattern, hosts), *policy.rules.trusted)
    return msgspec.structs.replace(policy, rules=msgspec.structs.replace(policy.rules, trusted=patterns))


class World:
    """Collects events; `clock` is the time of the next one, each comes a second after the last."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.clock = NOW - timedelta(hours=1)
        self.uids = 0

    def tell(self, event: Event) -> None:
        """One more event."""
        self.events.append(event)
        self.clock += timedelta(seconds=1)

    # ---- registries

    def config(
        self, content: str, platform: Platform = AMD, layers: str = "", days: float = 10, labels: dict[str, str] | None = None
    ) -> str:
        """A config blob; its layers and history are letters."""
        found = digest(f"config {content} {platform}")
        diff_ids = tuple(digest(f"layer {x} {platform}") for x in layers or content)
        history = tuple(HistoryEntry(x) for x in layers or content)
        self.tell(ConfigRead(ImageConfig(found, platform, diff_ids, history, NOW - timedelta(days=days), labels or {})))
        return found

    def manifest(
        self,
        name: str,
        content: str,
        *tags: str,
        platform: Platform = AMD,
        layers: str = "",
        says: dict[str, str] | None = None,
        salt: str = "",
        days: float = 10,
        labels: dict[str, str] | None = None,
    ) -> str:
        """A manifest of one platform; the same content with another `salt` is another manifest."""
        config = self.config(content, platform, layers, days, labels)
        found = digest(f"manifest {content} {platform} {salt}{sorted(says.items()) if says else ''}")
        described = Descriptor(CONFIG_TYPE, config, 100)
        blobs = tuple(Descriptor("tar", digest(f"blob {x}"), 1000) for x in layers or content)
        body = Manifest(found, ManifestKind.IMAGE, MANIFEST_TYPE, 10, described, blobs, annotations=says or {})
        self.tell(ManifestRead(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), body, self.clock))
        self.tag(name, found, *tags)
        return found

    def index(
        self,
        name: str,
        content: str,
        *tags: str,
        platforms: tuple[Platform, ...] = (AMD, ARM),
        contents: dict[Platform, str] | None = None,
        salt: str = "",
        attested: bool = False,
        days: float = 10,
    ) -> str:
        """An index of several platforms, each with the same content or that of `contents`."""
        inside = {platform: (contents or {}).get(platform, content) for platform in platforms}
        manifests = [self.manifest(name, inside[platform], platform=platform, days=days) for platform in platforms]
        children = [Descriptor(MANIFEST_TYPE, each, 10, on) for each, on in zip(manifests, platforms, strict=True)]
        if attested:
            said = {"vnd.docker.reference.type": "attestation-manifest"}
            statement = self.attestation(name, content)
            children.append(Descriptor(MANIFEST_TYPE, statement, 10, Platform("unknown", "unknown"), annotations=said))
        found = digest(f"index {sorted(inside.items())} {salt} {attested}")
        body = Manifest(found, ManifestKind.INDEX, "application/vnd.oci.image.index.v1+json", 10, children=tuple(children))
        self.tell(ManifestRead(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), body, self.clock))
        self.tag(name, found, *tags)
        return found

    def attestation(self, name: str, content: str) -> str:
        """What BuildKit pushes beside an image (docs/attestations/attestation-storage.md)."""
        found = digest(f"attestation {content}")
        layers = (Descriptor("application/vnd.in-toto+json", digest(f"statement {content}"), 100),)
        config = Descriptor(CONFIG_TYPE, digest(f"config of {found}"), 167)
        self.read(name, Manifest(found, ManifestKind.ARTIFACT, MANIFEST_TYPE, 10, config, layers))
        return found

    def read(self, name: str, body: Manifest) -> str:
        """A manifest is read; its digest."""
        self.tell(ManifestRead(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), body, self.clock))
        return body.digest

    def tag(self, name: str, found: str, *tags: str) -> None:
        """Tags name a digest from now on."""
        for tag in tags:
            self.tell(TagResolved(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), tag, found, self.clock))

    def fail(self, name: str, reference: str, kind: AbsenceKind = AbsenceKind.MANIFEST_UNKNOWN, reason: str = "") -> None:
        """A tag or digest cannot be read."""
        source = SourceId(SourceKind.REGISTRY, name_of(name).registry)
        said = reason or f"{name_of(name).registry} answers {kind.value}"
        self.tell(LookupFailed(source, name_of(name), reference, kind, said, self.clock))

    def list_tags(self, name: str, tags: dict[str, str], complete: bool = True) -> None:
        """The registry lists the tags of a repository."""
        rows = tuple(Tag(tag, found, updated=self.clock) for tag, found in tags.items())
        self.tell(TagsListed(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), rows, complete, self.clock))

    def list_manifests(self, name: str, *digests: str, complete: bool = True, pushed: datetime | None = None) -> None:
        """The registry lists the manifests of a repository."""
        rows = tuple(ManifestListing(found, pushed=pushed) for found in digests)
        self.tell(
            ManifestsListed(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), rows, complete, self.clock)
        )

    def claim(self, found: str, *references: str, kind: ClaimKind = ClaimKind.PROVENANCE) -> None:
        """Somebody says from outside what a manifest was built on."""
        self.tell(ClaimsRead(SourceId(SourceKind.SIGNATURES), found, tuple(Claim(kind, reference) for reference in references)))

    def configure(self, images: str, base: str) -> None:
        """The settings say what the images of these repositories are built on."""
        self.tell(BasesConfigured((ConfiguredBase(parse_pattern(images), base),)))

    def attach(self, name: str, subject: str, *tags: str) -> str:
        """An artifact attached to a manifest."""
        found = digest(f"artifact on {subject}")
        described = Descriptor("application/vnd.oci.empty.v1+json", digest("empty"), 2)
        kind = "application/vnd.cncf.notary.signature"
        body = Manifest(found, ManifestKind.ARTIFACT, MANIFEST_TYPE, 10, described, subject=subject, artifact_type=kind)
        self.tell(ManifestRead(SourceId(SourceKind.REGISTRY, name_of(name).registry), name_of(name), body, self.clock))
        self.tag(name, found, *tags)
        return found

    def purge(self, name: str, found: str, *tags: str) -> None:
        """A manifest and its tags are gone."""
        for reference in (found, *tags):
            self.fail(name, reference)

    def health(
        self, source: SourceId, state: SourceState = SourceState.OK, error: str = "", identity: str = "", surveyed: bool = True
    ) -> None:
        """How a source is doing; a registry that somebody is signed in to is ours."""
        ownership = OURS if identity else Ownership()
        health = SourceHealth(source, state, self.clock, error=error, identity=identity, ownership=ownership, surveyed=surveyed)
        self.tell(HealthChanged(health))

    # ---- clusters

    def uid(self) -> str:
        """A fresh uid."""
        self.uids += 1
        return f"uid-{self.uids}"

    def node(self, name: str, architecture: str = "amd64", cluster: str = "lab") -> None:
        """A node."""
        self.tell(
            NodesSeen(
                SourceId(SourceKind.CLUSTER, cluster), 1, (Node(cluster, name, "linux", architecture, "containerd://2.1.4"),)
            )
        )

    def controller(
        self,
        place: str,
        resource: Resource,
        *containers: TemplateContainer,
        owner: OwnerRef | None = None,
        desired: int | None = None,
        suspended: bool = False,
        labels: dict[str, str] | None = None,
        annotations: dict[str, str] | None = None,
        revision: str = "",
        cluster: str = "lab",
    ) -> OwnerRef:
        """A controller at `namespace/Kind/name`; the reference to it that what it owns carries."""
        namespace, kind, name = place.split("/")
        found = Controller(
            cluster,
            namespace,
            kind,
            name,
            self.uid(),
            "apps/v1",
            owner,
            containers,
            desired,
            suspended=suspended,
            created=NOW - timedelta(days=3),
            revision=revision,
            labels=labels or {},
            annotations=annotations or {},
        )
        self.tell(ControllersSeen(SourceId(SourceKind.CLUSTER, cluster), resource, "", 1, (found,)))
        return OwnerRef("apps/v1", kind, name, found.uid)

    def deployment(self, place: str, image: str, desired: int = 1, **more: str) -> OwnerRef:
        """A Deployment with its ReplicaSet; the reference to the ReplicaSet. `place` is `namespace/name`."""
        namespace, name = place.split("/")
        template = TemplateContainer("main", ContainerType.CONTAINER, image)
        top = self.controller(
            f"{namespace}/Deployment/{name}", Resource.DEPLOYMENTS, template, desired=desired, revision="2", labels=more
        )
        return self.controller(
            f"{namespace}/ReplicaSet/{name}-7d4b", Resource.REPLICASETS, template, owner=top, desired=desired, revision="2"
        )

    def pod(
        self,
        place: str,
        *containers: PodContainer,
        owner: OwnerRef | None = None,
        node: str = "n1",
        phase: str = "Running",
        cluster: str = "lab",
        mirror: bool = False,
        age: float = 1,
    ) -> Pod:
        """A pod at `namespace/name`."""
        namespace, name = place.split("/")
        found = Pod(cluster, namespace, name, self.uid(), node, phase, owner, containers, NOW - timedelta(days=age), mirror)
        self.tell(PodsSeen(SourceId(SourceKind.CLUSTER, cluster), "", 1, (found,)))
        return found

    def run(self, place: str, image: str, *image_ids: str, node: str = "n1") -> None:
        """A Deployment at `namespace/name` whose pods report these imageIDs."""
        owner = self.deployment(place, image, len(image_ids))
        for number, image_id in enumerate(image_ids):
            self.pod(f"{place}-7d4b-{number}", running(image, image_id), owner=owner, node=node)

    def list_completed(self, resource: Resource = Resource.PODS, cluster: str = "lab") -> None:
        """A list cycle is done."""
        self.tell(ListCompleted(SourceId(SourceKind.CLUSTER, cluster), resource, "", 1))

    # ---- results

    def inventory(self) -> Inventory:
        """Everything that was told, applied."""
        found = Inventory()
        for event in self.events:
            found.apply(event)
        return found

    def snapshot(self, policy: Policy | None = None) -> Snapshot:
        """The world as it is."""
        return Assembler().assemble(self.inventory().freeze(), policy or trusting((A,)), NOW)

    def wanted(self) -> dict[str, bool]:
        """What is asked for, as text, and whether the history is too."""
        return {f"{each.name} {each.reference}": each.history for each in DemandJoin().of(self.inventory().freeze())}


def running(image: str, image_id: str, name: str = "main", type: ContainerType = ContainerType.CONTAINER) -> PodContainer:
    """A container that runs, as its pod's status says."""
    return PodContainer(name, type, image, image_id, "running", pull_policy="IfNotPresent")


def waiting(image: str, reason: str = "ImagePullBackOff", message: str = "", name: str = "main") -> PodContainer:
    """A container that waits for its image."""
    return PodContainer(name, ContainerType.CONTAINER, image, state="waiting", reason=reason, message=message)


def workload(snapshot: Snapshot, name: str) -> Workload:
    """The workload of that name."""
    (found,) = (each for key, each in snapshot.workloads.items() if key.name == name)
    return found


def container(snapshot: Snapshot, name: str) -> Container:
    """The first container of a workload."""
    return workload(snapshot, name).containers[0]


def image(snapshot: Snapshot, found: str) -> Image:
    """The image with a digest."""
    (one,) = (each for each in snapshot.images.values() if found in each.digests)
    return one


def check(subject: Image | Container, name: CheckName) -> Check:
    """The check of that name."""
    (found,) = (each for each in subject.checks if each.name is name)
    return found
