"""Which tasks build the images of the registries, and why some of them do not start when their base is built anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tui.demo.builders.jobs import BUILT_ELSEWHERE
from tui.demo.content import Platform
from tui.demo.estate.images import CONTOSO, FABRIKAM
from tui.demo.estate.publisher import ImagePublisher, Product, Published

__all__ = ["DependencyModel", "StepForm", "TaskModel", "Why", "make_tasks"]


class StepForm(StrEnum):
    """The forms of a task's step."""

    DOCKER = "Docker"
    ENCODED = "EncodedTask"
    FILE = "FileTask"


class Why(StrEnum):
    """Why a task does not start, or does not end well, when its base is built anew; WORKS: it does."""

    WORKS = "works"
    TRIGGER_OFF = "the trigger is off"
    UNTRACKED = "the base is not tracked"
    PRIVATE = "the base is in a private registry"
    UNSTABLE = "the base's tag never moves"
    DISABLED = "the task is disabled"
    NEVER_RUN = "it has never run"
    FAILED = "its last run failed"
    QUEUED = "its agent pool has no machines"
    PLATFORM = "it builds for another platform"
    OTHER_BASE = "it waits for another base"
    NETWORK = "the registry's network rules keep it out"


# One task for each reason; all others of this registry work.
_WHY: Mapping[str, Why] = {
    f"{CONTOSO}/payments/fraud": Why.TRIGGER_OFF,
    f"{CONTOSO}/search/suggest": Why.UNTRACKED,
    f"{CONTOSO}/fulfilment/routing": Why.PRIVATE,
    f"{CONTOSO}/catalog/importer": Why.UNSTABLE,
    f"{CONTOSO}/loyalty/campaigns": Why.DISABLED,
    f"{CONTOSO}/notify/push": Why.NEVER_RUN,
    f"{CONTOSO}/data/etl": Why.FAILED,
    f"{CONTOSO}/ml/features": Why.QUEUED,
    f"{CONTOSO}/platform/agent": Why.PLATFORM,
    f"{CONTOSO}/platform/gateway": Why.OTHER_BASE,
}
_FORMS: Mapping[str, StepForm] = {
    f"{CONTOSO}/search/api": StepForm.ENCODED,
    f"{CONTOSO}/search/suggest": StepForm.FILE,
}
_BY_OTHERS = frozenset({"vendor", "mirror"})


@dataclass(frozen=True, slots=True)
class DependencyModel:
    """A base of a task's last build."""

    name: str
    tag: str
    digest: str
    runtime: bool = True

    @property
    def wire_name(self) -> tuple[str, str]:
        """Registry and repository."""
        host, _, repository = self.name.partition("/")
        return host, repository


@dataclass(slots=True)
class TaskModel:
    """A task of a registry; `line` is the repository that it builds, with its host."""

    name: str
    line: str
    tags: tuple[str, ...]
    why: Why
    form: StepForm
    platform: Platform
    dependencies: tuple[DependencyModel, ...] | None
    pool: str = ""

    @property
    def repository(self) -> str:
        """The repository in its registry."""
        return self.line.partition("/")[2]

    def starts_for(self, name: str, tag: str) -> bool:
        """Whether a push of a tag starts it."""
        if self.why not in (Why.WORKS, Why.FAILED, Why.QUEUED, Why.NETWORK):
            return False
        return any(base.runtime and base.name == name and base.tag == tag for base in self.dependencies or ())


def make_tasks(yard: ImagePublisher, host: str) -> dict[str, TaskModel]:
    """The tasks of a registry by their names in small letters."""
    tasks = {}
    for product in sorted(yard.products.values(), key=lambda product: product.name):
        team = product.repository.partition("/")[0]
        is_others = team in _BY_OTHERS or product.name in BUILT_ELSEWHERE
        if product.host == host and product.base and not is_others and product.floating:
            task = _task(yard, product)
            tasks[task.name.lower()] = task
    return tasks


def _task(yard: ImagePublisher, product: Product) -> TaskModel:
    # The carrier's registry is closed, and lets no tasks in.
    why = Why.NETWORK if product.host == FABRIKAM else _WHY.get(product.name, Why.WORKS)
    newest = yard.newest(product.name)
    return TaskModel(
        name=product.repository.replace("/", "-"),
        line=product.name,
        tags=(newest.tag, *product.floating),
        why=why,
        form=_FORMS.get(product.name, StepForm.DOCKER),
        platform=Platform("amd64", "windows") if why is Why.PLATFORM else Platform(product.arches[0]),
        dependencies=dependencies_of(yard, newest, why),
        pool="gpu" if why is Why.QUEUED else "",
    )


def dependencies_of(yard: ImagePublisher, built: Published, why: Why) -> tuple[DependencyModel, ...] | None:
    """What a build stood on, as its task tells it."""
    base = built.base
    if why is Why.NEVER_RUN:
        return None
    if why is Why.UNTRACKED or base is None:
        return ()
    floating = yard.floating.get(base.name, ())
    tag = base.tag if yard.products[built.name].pinned or not floating else floating[0]
    # These two do not say what the layers say: the one names the same bytes in a registry that Azure does not see, the other was
    # run last when the Dockerfile named another base.
    if why is Why.PRIVATE:
        return (DependencyModel("registry.internal.contoso.example/golden/static", tag, base.digest),)
    if why is Why.OTHER_BASE:
        other = yard.newest(f"{CONTOSO}/base/alpine")
        return (DependencyModel(other.name, (*yard.floating.get(other.name, ()), other.tag)[0], other.digest),)
    return (DependencyModel(base.name, tag, base.digest),)
