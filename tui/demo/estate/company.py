"""The whole estate of a scenario: registries, and two clusters in their stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tui.demo.cluster.kinds import kind_of
from tui.demo.cluster.store import ObjectStore
from tui.demo.estate import objects
from tui.demo.estate.budgets import load_budgets
from tui.demo.estate.cluster_builder import ClusterBuilder, ClusterObjects
from tui.demo.estate.controllers import controller as write_out
from tui.demo.estate.gate import RATIFY_NAMES, gate_of, write_constraint, write_ratify
from tui.demo.estate.images import fill
from tui.demo.estate.images_on_nodes import NodeImages
from tui.demo.estate.model import Controller, PodModel
from tui.demo.estate.publisher import ImagePublisher
from tui.demo.estate.reports import attach_reports
from tui.demo.estate.signed import sign_images
from tui.demo.estate.special import add_special
from tui.demo.estate.work import Work
from tui.demo.estate.workloads import workloads
from tui.demo.signing.signers import Signers, make_signers
from tui.demo.vulnerabilities.images import ScannedImages
from tui.demo.vulnerabilities.operator import operator_reports
from tui.demo.vulnerabilities.trivy import write_report

__all__ = ["Cluster", "Company", "audit", "build_company", "write_controller", "write_pod"]

CLUSTERS = ("prod-weu", "prod-neu")
FIRST_VERSION = 48_211_903


@dataclass(slots=True)
class Cluster:
    """A cluster: the models, the objects made of them, and who goes on building it."""

    estate: ClusterObjects
    store: ObjectStore
    raiser: ClusterBuilder


@dataclass(slots=True)
class Company:
    """Everything there is."""

    yard: ImagePublisher
    clusters: list[Cluster]
    now: datetime
    signers: Signers
    scanned: ScannedImages


def build_company(
    seed: int,
    now: datetime,
    *,
    empty: bool = False,
    extra: Callable[[ImagePublisher], list[Work]] | None = None,
    revocation: str = "http://127.0.0.1/contoso.crl",
) -> Company:
    """Build it. The same seed on the same day makes the same digests, names and numbers.

    `extra` adds to the registries and says what else runs; `revocation` is where certificates say that they are revoked.
    """
    anchor = now.replace(hour=0, minute=0, second=0, microsecond=0)
    yard, signers = ImagePublisher(seed, anchor), make_signers(seed, anchor, revocation)
    works: list[Work] = []
    if not empty:
        yard = fill(seed, anchor)
        add_special(yard)
        works = [*workloads(), *(extra(yard) if extra else ())]
        sign_images(yard, signers)
    images, scanned = NodeImages(yard), ScannedImages(yard)
    if not empty:
        attach_reports(yard, scanned)
    clusters = [_cluster(name, seed, now, images, works) for name in CLUSTERS]
    for cluster in clusters:
        _load(cluster, scanned, now)
        if not empty:
            _load_gate(cluster, now)
        cluster.store.settle()
    return Company(yard, clusters, now, signers, scanned)


def _cluster(name: str, seed: int, now: datetime, images: NodeImages, works: list[Work]) -> Cluster:
    raiser = ClusterBuilder(name, seed, now, images)
    raiser.add_nodes("apps", 22 if name.endswith("weu") else 12)
    raiser.add_nodes("system", 3)
    if name.endswith("weu"):
        raiser.add_nodes("arm", 2, "arm64")
    else:
        raiser.add_nodes("edge", 2, runtime="cri-o://1.33.4")
    for space in ("default", "kube-system", "kube-public", "kube-node-lease"):
        raiser.estate.namespaces[space] = now - timedelta(days=720)
    estate = raiser.raise_all(works)
    return Cluster(estate, ObjectStore(FIRST_VERSION), raiser)


def _load(cluster: Cluster, scanned: ScannedImages, now: datetime) -> None:
    estate, store, raiser = cluster.estate, cluster.store, cluster.raiser
    for space, created in estate.namespaces.items():
        store.load(kind_of("Namespace"), "", space, partial(objects.namespace, space, raiser.uid(), created))
    for node in estate.nodes:
        store.load(kind_of("Node"), "", node.name, partial(objects.node, node))
    for controller in estate.controllers:
        store.load(kind_of(controller.kind), controller.namespace, controller.name, partial(write_out, controller))
    for pod in estate.pods:
        store.load(kind_of("Pod"), pod.namespace, pod.name, partial(objects.pod, pod))
    load_budgets(estate, store, now - timedelta(days=90))
    for report in operator_reports(estate, raiser, scanned, now):
        store.load(kind_of("VulnerabilityReport"), report.controller.namespace, report.name, partial(write_report, report))


def _load_gate(cluster: Cluster, now: datetime) -> None:
    gate = gate_of(cluster.estate.name)
    for rule in gate.rules:
        cluster.store.load(kind_of(rule.kind), "", rule.name, partial(write_constraint, rule, cluster.estate, now))
    for kind in RATIFY_NAMES if gate.ratify else ():
        cluster.store.load(kind_of(kind), "", RATIFY_NAMES[kind], partial(write_ratify, kind, now))


def audit(cluster: Cluster, now: datetime) -> None:
    """Let the gate look at everything that runs, as it does every minute."""
    for rule in gate_of(cluster.estate.name).rules:
        if rule.violates is not None:
            cluster.store.put(kind_of(rule.kind), "", rule.name, partial(write_constraint, rule, cluster.estate, now))


def write_pod(store: ObjectStore, pod: PodModel, *, deleted: bool = False) -> None:
    """Put a pod as it is now into the store, or take it out."""
    (store.delete if deleted else store.put)(kind_of("Pod"), pod.namespace, pod.name, partial(objects.pod, pod))


def write_controller(store: ObjectStore, controller: Controller, *, deleted: bool = False) -> None:
    """Put a controller as it is now into the store, or take it out."""
    write = store.delete if deleted else store.put
    write(kind_of(controller.kind), controller.namespace, controller.name, partial(write_out, controller))
