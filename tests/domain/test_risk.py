"""What a purge would break: which images that something needs are at risk, by when, and what keeps that from being told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.world import NOW, B, World, image, name_of, running
from tui.domain.facts.build import BuilderKind, Job, JobKey
from tui.domain.facts.build_events import JobsSeen, builder_source
from tui.domain.facts.events import ManifestsListed, SourceId, SourceKind, SourceState, TagsListed
from tui.domain.facts.image import Locks, ManifestListing, Tag
from tui.domain.facts.retention import PoliciesRead, PurgeFilter, PurgeRule, RegistryPolicies
from tui.domain.facts.workload import ContainerType, Resource, TemplateContainer
from tui.domain.query.index import QueryIndex
from tui.domain.query.query import Selection, parse_query
from tui.domain.query.risk import Risk, RiskKind, Risks
from tui.domain.snapshot.snapshot import Snapshot

ACR = "contoso.azurecr.io"
APP = f"{ACR}/shop/api"
TASKS = builder_source(BuilderKind.ACR_TASKS, ACR)
DAY = timedelta(days=1)
LOCKED = Locks(delete=False, write=False)


class Shop(World):
    """A repository of an Azure registry with two builds, `old` and `new`."""

    def __init__(self) -> None:
        super().__init__()
        self.health(SourceId(SourceKind.CLUSTER, "lab"))
        self.old, self.new = self.manifest(APP, "a", "1"), self.manifest(APP, "b", "2")

    def list_all(self, tags: dict[str, str], locks: Locks | None = Locks(), untagged: datetime = NOW - 2 * DAY) -> None:  # noqa: B008 - frozen
        """The registry lists its tags and manifests, as ACR does: with times and locks."""
        source, name = SourceId(SourceKind.REGISTRY, ACR), name_of(APP)
        rows = tuple(Tag(tag, found, updated=NOW - 20 * DAY, locks=locks) for tag, found in tags.items())
        manifests = tuple(ManifestListing(found, updated=untagged, locks=locks) for found in (self.old, self.new))
        self.tell(TagsListed(source, name, rows, True, self.clock))
        self.tell(ManifestsListed(source, name, manifests, True, self.clock))

    def policies(self, retention: RegistryPolicies, *purges: PurgeRule, schedule: bool | None = True, disabled: str = "") -> None:
        """The registry's resource and its tasks are read."""
        self.tell(PoliciesRead(TASKS, ACR, retention, self.clock))
        key = JobKey(BuilderKind.ACR_TASKS, ACR, "purge")
        self.tell(JobsSeen(TASKS, 1, (Job(key, "purge", purges=purges, schedule=schedule, disabled=disabled),)))
        self.health(TASKS)

    def use(self, found: str) -> None:
        """A Deployment runs it by its digest."""
        self.run("shop/api", f"{APP}@{found}", f"{APP}@{found}")


def purge(repository: str = "shop/.*", tag: str = ".*", days: int = 30, **more: object) -> PurgeRule:
    return PurgeRule((PurgeFilter(repository, tag),), days * DAY, **more)  # type: ignore[arg-type]  # as PurgeRule says


def asked(world: World) -> tuple[Snapshot, Selection]:
    snapshot = world.snapshot()
    return snapshot, parse_query("is:at-risk").images(QueryIndex(snapshot), NOW)


def untagged_in_the_reach_of_retention(shop: Shop) -> None:
    shop.list_all({"2": shop.new})
    shop.policies(RegistryPolicies(days=7, changed=NOW - 90 * DAY))


def untagged_and_unlocked(shop: Shop) -> None:
    shop.list_all({"2": shop.new})
    shop.policies(RegistryPolicies())


def untagged_before_the_policy_was_switched_on(shop: Shop) -> None:
    shop.list_all({"2": shop.new}, untagged=NOW - 100 * DAY)
    shop.policies(RegistryPolicies(days=7, changed=NOW - 90 * DAY))


def untagged_and_a_task_deletes_such(shop: Shop) -> None:
    shop.list_all({"2": shop.new})
    shop.policies(RegistryPolicies(), purge(days=5, untagged=True, schedule="0 1 * * *"))


def untagged_and_locked(shop: Shop) -> None:
    shop.list_all({"2": shop.new}, LOCKED)
    shop.policies(RegistryPolicies(days=7, changed=NOW - 90 * DAY), purge(untagged=True))


def untagged_and_locked_but_the_task_unlocks(shop: Shop) -> None:
    shop.list_all({"2": shop.new}, LOCKED)
    shop.policies(RegistryPolicies(), purge(days=5, untagged=True, locked=True))


def untagged_and_nobody_tells_of_locks(shop: Shop) -> None:
    shop.list_all({"2": shop.new}, None)
    shop.policies(RegistryPolicies())


def untagged_and_nobody_tells_of_locks_that_the_task_takes_away(shop: Shop) -> None:
    shop.list_all({"2": shop.new}, None)
    shop.policies(RegistryPolicies(days=7, changed=NOW - 90 * DAY), purge(days=5, untagged=True, locked=True))


def its_tag_is_purged_and_nobody_tells_of_locks_that_the_task_takes_away(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new}, None)
    shop.policies(RegistryPolicies(), purge(tag="^1", locked=True))


def its_tag_is_purged_soon(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(tag="^1", days=30))


def its_tag_is_purged_long_after(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(days=365))


def its_tag_is_one_of_the_newest_that_stay(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(tag="^1", keep=1))


def one_of_its_two_tags_is_purged(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "keep": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(tag="^1"))


def another_repository_is_purged(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(repository="shop"))


def the_task_is_off(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(), disabled="the task is disabled")


def the_task_has_no_timer(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(), schedule=False)


def the_resource_may_not_be_read(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(reason="The retention policy of contoso.azurecr.io is not known: no right."))


def the_tasks_may_not_be_read(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies())
    shop.health(TASKS, SourceState.PARTIAL, "no right to list tasks")


def nobody_asked_azure(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})


def the_tags_were_not_listed(shop: Shop) -> None:
    shop.policies(RegistryPolicies())
    shop.tag(APP, shop.new, "1")


def it_is_gone(shop: Shop) -> None:
    shop.purge(APP, shop.old, "1")


CASES: list[tuple[Callable[[Shop], None], RiskKind | None, datetime | None, str]] = [
    (untagged_in_the_reach_of_retention, RiskKind.RETENTION, NOW + 5 * DAY, "7 days after it was untagged"),
    (untagged_and_unlocked, RiskKind.UNTAGGED, None, "no tag and no lock"),
    (untagged_before_the_policy_was_switched_on, RiskKind.UNTAGGED, None, "no tag and no lock"),
    (untagged_and_a_task_deletes_such, RiskKind.PURGE, NOW + 3 * DAY, "the task purge, at 0 1 * * * UTC, deletes it"),
    (untagged_and_locked, None, None, ""),
    (untagged_and_locked_but_the_task_unlocks, RiskKind.PURGE, NOW + 3 * DAY, "the task purge deletes it"),
    (untagged_and_nobody_tells_of_locks, RiskKind.UNKNOWN, None, "shop/api does not tell its attributes."),
    (untagged_and_nobody_tells_of_locks_that_the_task_takes_away, RiskKind.PURGE, NOW + 3 * DAY, "the task purge deletes it"),
    (its_tag_is_purged_and_nobody_tells_of_locks_that_the_task_takes_away, RiskKind.PURGE, NOW + 10 * DAY, "deletes its tag 1."),
    (its_tag_is_purged_soon, RiskKind.PURGE, NOW + 10 * DAY, "The task purge deletes its tag 1."),
    (its_tag_is_purged_long_after, None, None, ""),
    (its_tag_is_one_of_the_newest_that_stay, None, None, ""),
    (one_of_its_two_tags_is_purged, None, None, ""),
    (another_repository_is_purged, None, None, ""),
    (the_task_is_off, None, None, ""),
    (the_task_has_no_timer, None, None, ""),
    (the_resource_may_not_be_read, RiskKind.UNKNOWN, None, "no right"),
    (the_tasks_may_not_be_read, RiskKind.UNKNOWN, None, "no right to list tasks"),
    (nobody_asked_azure, RiskKind.UNKNOWN, None, "have not been read"),
    (the_tags_were_not_listed, RiskKind.UNKNOWN, None, "Which tags"),
    (it_is_gone, RiskKind.GONE, None, "does not have it any more"),
]


@pytest.mark.parametrize(("told", "kind", "due", "words"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_what_a_running_image_is_at_risk_of(
    told: Callable[[Shop], None], kind: RiskKind | None, due: datetime | None, words: str
) -> None:
    shop = Shop()
    shop.use(shop.old)
    told(shop)
    snapshot, selection = asked(shop)
    old = image(snapshot, shop.old)
    risk = Risks(snapshot).of(old)
    assert (risk.kind if risk else None, risk.due if risk else None) == (kind, due)
    assert words in (risk.reason if risk else "")
    assert (old.key in selection.images) is (kind not in (None, RiskKind.UNKNOWN))
    assert selection.undecided == (1 if kind is RiskKind.UNKNOWN else 0)


def test_nothing_is_at_risk_that_nothing_needs() -> None:
    shop = Shop()
    untagged_in_the_reach_of_retention(shop)
    _, selection = asked(shop)
    assert not selection.images
    assert not selection.workloads


def test_a_workload_loses_the_name_by_which_it_pulls_although_the_image_keeps_another() -> None:
    shop = Shop()
    owner = shop.deployment("shop/api", f"{APP}:1")
    shop.pod("shop/api-0", running(f"{APP}:1", f"{APP}@{shop.old}"), owner=owner)
    one_of_its_two_tags_is_purged(shop)
    snapshot, selection = asked(shop)
    assert [key.name for key in selection.workloads] == ["api"]
    lost = Risks(snapshot).of_tag(image(snapshot, shop.old), "1")
    assert lost == Risk(RiskKind.PURGE, "The task purge deletes its tag 1.", NOW + 10 * DAY, ("1",))


@pytest.mark.parametrize("kind", ["CronJob", "Deployment"])
def test_what_is_scheduled_or_scaled_to_zero_is_missed_by_nobody(kind: str) -> None:
    shop = Shop()
    resource = Resource.CRONJOBS if kind == "CronJob" else Resource.DEPLOYMENTS
    desired = None if kind == "CronJob" else 0
    template = TemplateContainer("main", ContainerType.CONTAINER, f"{APP}:1")
    shop.controller(f"shop/{kind}/nightly", resource, template, desired=desired)
    its_tag_is_purged_soon(shop)
    _, selection = asked(shop)
    assert [key.name for key in selection.workloads] == ["nightly"]


def test_a_version_kept_for_rollback_that_its_registry_lost_is_said_at_its_workload() -> None:
    shop = Shop()
    top = shop.controller(
        "shop/Deployment/api", Resource.DEPLOYMENTS, TemplateContainer("main", ContainerType.CONTAINER, f"{APP}:2"), desired=1
    )
    for revision, tag, desired in (("1", "1", 0), ("2", "2", 1)):
        template = TemplateContainer("main", ContainerType.CONTAINER, f"{APP}:{tag}")
        place = f"shop/ReplicaSet/api-{revision}"
        shop.controller(place, Resource.REPLICASETS, template, owner=top, desired=desired, revision=revision)
    shop.purge(APP, shop.old, "1")
    shop.list_all({"2": shop.new})
    shop.policies(RegistryPolicies())
    snapshot, selection = asked(shop)
    (workload,) = snapshot.workloads.values()
    assert workload.lost_rollback == (f"{APP}:1",)
    assert [key.name for key in selection.workloads] == ["api"]
    assert not parse_query("is:rollback").images(QueryIndex(snapshot), NOW).workloads, "it is not there any more"
    assert not parse_query("-is:declared").images(QueryIndex(snapshot), NOW).workloads


def test_a_registry_that_is_not_azures_has_no_retention_that_could_be_told() -> None:
    world = World()
    world.health(SourceId(SourceKind.CLUSTER, "lab"))
    found = world.manifest(f"{B}/app/api", "a", "1")
    world.list_tags(f"{B}/app/api", {"1": found})
    world.run("app/api", f"{B}/app/api:1", f"{B}/app/api@{found}")
    snapshot, selection = asked(world)
    assert Risks(snapshot).of(image(snapshot, found)) is None
    assert selection.undecided == 0


def a_task_that_cannot_be_read(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies())
    key = JobKey(BuilderKind.ACR_TASKS, ACR, "purge")
    shop.tell(JobsSeen(TASKS, 2, (Job(key, "purge", purges_unclear=True, schedule=True),)))


def a_task_that_cannot_be_read_may_take_locks_away(shop: Shop) -> None:
    a_task_that_cannot_be_read(shop)
    shop.list_all({"2": shop.new}, LOCKED)


def a_pattern_that_only_acr_cli_reads(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(tag="^(?!2)"))


def a_repository_pattern_that_only_acr_cli_reads(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    shop.policies(RegistryPolicies(), purge(repository="(?!x).*"))


def nobody_tells_when_its_tag_changed(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new})
    source = SourceId(SourceKind.REGISTRY, ACR)
    rows = tuple(Tag(tag, found) for tag, found in (("1", shop.old), ("2", shop.new)))
    shop.tell(TagsListed(source, name_of(APP), rows, True, shop.clock))
    shop.policies(RegistryPolicies(), purge())


def nobody_tells_whether_it_is_locked(shop: Shop) -> None:
    shop.list_all({"1": shop.old, "2": shop.new}, None)
    shop.policies(RegistryPolicies(), purge())


@pytest.mark.parametrize(
    "story",
    [
        nobody_tells_whether_it_is_locked,
        a_task_that_cannot_be_read,
        a_task_that_cannot_be_read_may_take_locks_away,
        a_pattern_that_only_acr_cli_reads,
        a_repository_pattern_that_only_acr_cli_reads,
        nobody_tells_when_its_tag_changed,
    ],
)
def test_what_may_be_deleted_and_cannot_be_told_is_not_safe(story: Callable[[Shop], None]) -> None:
    shop = Shop()
    story(shop)
    shop.use(shop.old)
    snapshot, selection = asked(shop)
    risk = Risks(snapshot).of(image(snapshot, shop.old))
    assert risk is not None
    assert risk.kind is RiskKind.UNKNOWN
    assert selection.undecided


@given(
    untagged=st.datetimes(timezones=st.just(UTC)),
    changed=st.none() | st.datetimes(timezones=st.just(UTC)),
    days=st.integers(0, 365),
    ago=st.integers(0, 150 * 365),
)
def test_no_date_of_a_registry_makes_what_is_untagged_safe(
    untagged: datetime, changed: datetime | None, days: int, ago: int
) -> None:
    shop = Shop()
    shop.list_all({"2": shop.new}, untagged=untagged)
    shop.policies(RegistryPolicies(days=days, changed=changed), purge(days=ago, untagged=True))
    shop.use(shop.old)
    snapshot, selection = asked(shop)
    risk = Risks(snapshot).of(image(snapshot, shop.old))
    assert risk is not None
    assert image(snapshot, shop.old).key in selection.images
