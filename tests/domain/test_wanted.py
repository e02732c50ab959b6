"""What registries are asked for: what runs before what it is built on, and nothing at hosts that only an image names."""

from __future__ import annotations

import pytest

from tests.domain.world import A, B, World, digest, name_of, running
from tui.domain.assemble.assemble import Assembler
from tui.domain.assemble.demands import MAX_BASES, MAX_GENERATIONS, DemandJoin
from tui.domain.assemble.wanted_artifacts import ArtifactDemands
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.events import AbsenceKind, ReferrersListed, SourceId, SourceKind
from tui.domain.facts.image import ClaimKind, Descriptor, Referrer
from tui.domain.facts.workload import ContainerType, Resource, TemplateContainer

APP, TAG = f"{A}/app", f"{A}/app:1"
BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"


def demands(world: World) -> tuple[Demand, ...]:
    """What the world wants."""
    return DemandJoin().of(world.inventory().freeze())


def outstanding(world: World) -> bool:
    """Whether anything that the world wants has not been answered."""
    joined = DemandJoin()
    joined.of(world.inventory().freeze())
    return joined.outstanding


def words(world: World) -> list[str]:
    """What is asked for, in order, as text."""
    return [f"{each.name} {each.reference}" for each in demands(world)]


def test_a_running_container_wants_its_tag_and_what_the_node_reports() -> None:
    world = World()
    world.run("x/web", TAG, f"{APP}@{digest('runs')}")
    assert set(words(world)) == {f"{APP} 1", f"{APP} {digest('runs')}"}


@pytest.mark.parametrize(
    ("image", "image_id", "asked"),
    [
        pytest.param(f"{TAG}@{digest('pin')}", "", {f"{APP} 1", f"{APP} {digest('pin')}"}, id="tag and pin"),
        pytest.param(f"{APP}@{digest('pin')}", "", {f"{APP} {digest('pin')}"}, id="pin alone"),
        pytest.param(TAG, digest("config"), {f"{APP} 1"}, id="a config is in no list of manifests"),
        pytest.param(TAG, f"{B}/a@{digest('runs')}", {f"{APP} 1", f"{APP} {digest('runs')}"}, id="another name"),
        pytest.param(f"{A}/App:1", f"{APP}@{digest('runs')}", set(), id="no reference"),
        pytest.param("nginx", "", {"docker.io/library/nginx latest"}, id="defaults"),
    ],
)
def test_each_form_of_running_asks_for_what_it_needs(image: str, image_id: str, asked: set[str]) -> None:
    world = World()
    world.pod("x/shell", running(image, image_id))
    assert set(words(world)) == asked


@pytest.mark.parametrize("kind", [AbsenceKind.DENIED, AbsenceKind.MANIFEST_UNKNOWN])
def test_what_is_not_under_the_name_of_the_spec_is_looked_for_where_the_node_says(kind: AbsenceKind) -> None:
    """containerd reports the smallest name of a content: that may be a mirror's, which nobody else can reach."""
    world = World()
    world.run("x/web", TAG, f"{B}/a@{digest('runs')}")
    assert f"{B}/a {digest('runs')}" not in words(world)
    world.fail(APP, digest("runs"), kind)
    assert f"{B}/a {digest('runs')}" in words(world)


@pytest.mark.parametrize("name", ["docker.io/library/import-2023-08-30", "import-2023-08-30", "localhost/app"])
def test_a_name_that_a_runtime_made_up_is_never_asked_for(name: str) -> None:
    world = World()
    world.run("x/web", TAG, f"{name}@{digest('runs')}")
    world.fail(APP, digest("runs"))
    assert {each.name for each in demands(world)} == {name_of(APP)}


def test_what_would_run_is_wanted_too() -> None:
    world = World()
    world.deployment("x/idle", f"{A}/idle:1", 0)
    template = TemplateContainer("main", ContainerType.CONTAINER, f"{A}/nightly:1")
    world.controller("x/CronJob/nightly", Resource.CRONJOBS, template, suspended=True)
    old = TemplateContainer("main", ContainerType.CONTAINER, f"{A}/back:1")
    world.controller("x/ReplicaSet/back", Resource.REPLICASETS, old, desired=0)
    assert set(words(world)) == {f"{A}/idle 1", f"{A}/nightly 1", f"{A}/back 1"}


def test_the_history_is_asked_for_only_when_there_is_something_to_tell_apart() -> None:
    world = World()
    found = world.manifest(APP, "new", "1")
    world.run("x/web", TAG, f"{APP}@{found}")
    assert not any(each.history for each in demands(world))
    world.manifest(APP, "newer", "1")
    assert [each.history for each in demands(world) if each.reference == "1"] == [True]


def test_the_history_is_asked_for_when_the_tag_is_gone() -> None:
    world = World()
    world.run("x/web", TAG, f"{APP}@{digest('runs')}")
    world.fail(APP, "1")
    assert [each.history for each in demands(world) if each.reference == "1"] == [True]


# ---- bases


def built_on(world: World, base: str, of: str = "") -> None:
    """A running image that says what it is built on."""
    says = {BASE_NAME: base} | ({BASE_DIGEST: of} if of else {})
    world.run("x/web", TAG, f"{APP}@{world.manifest(APP, 'new', '1', says=says)}")


def test_bases_come_after_everything_that_runs() -> None:
    world = World()
    built_on(world, "docker.io/library/debian:12", digest("debian"))
    world.run("x/zoo", f"{B}/zoo:1", f"{B}/zoo@{digest('zoo')}")
    priorities = [each.priority for each in demands(world)]
    assert priorities == sorted(priorities)
    bases = [each for each in demands(world) if each.priority is Priority.BASE]
    assert [each.reference for each in bases] == ["12", digest("debian")]


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        pytest.param("docker.io/library/debian:12", True, id="a public registry"),
        pytest.param("mcr.microsoft.com/dotnet/aspnet:8.0", True, id="Microsoft's"),
        pytest.param(f"{A}/base:1", True, id="the registry that it runs from"),
        pytest.param(f"{B}/base:1", True, id="a registry that something else runs from"),
        pytest.param("evil.example.org/base:1", False, id="a host of the image's choice"),
        pytest.param("169.254.169.254/latest:1", False, id="the metadata service"),
        pytest.param("localhost:8080/x:1", False, id="this machine"),
        pytest.param("[::1]:80/x:1", False, id="this machine by address"),
        pytest.param("docker.io.evil.example.org/library/debian:12", False, id="a name that begins like a public one"),
        pytest.param("mcr.microsoft.com:8443/x:1", False, id="another port of a public one"),
        pytest.param("not A reference", False, id="nonsense"),
    ],
)
def test_a_statement_in_an_image_leads_to_no_host_of_its_choice(base: str, asked: bool) -> None:
    world = World()
    world.run("x/zoo", f"{B}/zoo:1", f"{B}/zoo@{digest('zoo')}")
    built_on(world, base, digest("base"))
    assert bool([each for each in demands(world) if each.priority is Priority.BASE]) is asked


def test_a_registry_that_the_configuration_names_is_asked() -> None:
    world = World()
    built_on(world, "c.example.org/base:1")
    assert "c.example.org/base 1" not in words(world)
    world.health(SourceId(SourceKind.REGISTRY, "c.example.org"))
    assert "c.example.org/base 1" in words(world)


def test_a_base_of_a_base_is_asked_for_once_it_is_read() -> None:
    world = World()
    built_on(world, f"{A}/base:1")
    world.manifest(f"{A}/base", "base", "1", says={BASE_NAME: "docker.io/library/debian:12"})
    assert words(world)[-2:] == [f"{A}/base 1", "docker.io/library/debian 12"]


def test_images_that_name_each_other_as_base_end() -> None:
    world = World()
    built_on(world, f"{A}/base:1")
    world.manifest(f"{A}/base", "base", "1", says={BASE_NAME: TAG})
    assert words(world).count(f"{A}/base 1") == 1


def test_a_chain_of_bases_is_followed_only_so_far() -> None:
    world = World()
    built_on(world, f"{A}/b0:1")
    for number in range(3 * MAX_GENERATIONS):
        world.manifest(f"{A}/b{number}", f"content {number}", "1", layers="ab", says={BASE_NAME: f"{A}/b{number + 1}:1"})
    assert sum(each.priority is Priority.BASE for each in demands(world)) <= MAX_GENERATIONS


def test_images_that_say_too_much_are_heard_only_so_far() -> None:
    world = World()
    found = world.manifest(APP, "new", "1")
    world.run("x/web", TAG, f"{APP}@{found}")
    world.claim(found, *(f"docker.io/library/x{number}:1" for number in range(MAX_BASES + 500)))
    assert sum(each.priority is Priority.BASE for each in demands(world)) == MAX_BASES


def test_the_order_is_stable() -> None:
    world = World()
    built_on(world, f"{A}/base:1")
    world.run("x/zoo", f"{B}/zoo:1", f"{B}/zoo@{digest('zoo')}")
    before = demands(world)
    world.events.reverse()
    assert demands(world) == before


@pytest.mark.parametrize("kind", list(AbsenceKind))
def test_every_answer_is_an_answer(kind: AbsenceKind) -> None:
    world = World()
    world.run("x/web", TAG)
    assert outstanding(world)
    world.fail(APP, "1", kind)
    assert not outstanding(world)


def test_nothing_is_outstanding_when_nothing_runs() -> None:
    assert not outstanding(World())


# ---- what is attached


def test_what_is_attached_is_wanted_once_the_manifest_is_read_and_an_empty_list_is_wanted_too() -> None:
    world = World()
    found = world.manifest(APP, "new", "1")
    bare = world.manifest(f"{A}/bare", "bare", "1")
    described = Descriptor("application/vnd.oci.image.manifest.v1+json", digest("signature"), 10)
    referrers = (Referrer(described, "referrers"),)
    for name, subject, listed, error in (
        (APP, found, referrers, ""),
        (f"{A}/bare", bare, (), "the tag schema was refused"),
        (APP, digest("unread"), referrers, ""),
    ):
        world.tell(ReferrersListed(SourceId(SourceKind.REGISTRY, A), name_of(name), subject, listed, world.clock, error))
    asked = ArtifactDemands().of(world.inventory().freeze().images, {})
    assert [(each.subject.digest, each.referrers, each.error) for each in asked] == [
        (found, referrers, ""),
        (bare, (), "the tag schema was refused"),
    ]
    assert asked[0].subject.size == 10


def test_what_is_attached_to_what_runs_comes_first_then_to_bases_then_the_rest() -> None:
    world = World()
    base = world.manifest(f"{A}/base", "b", "1")
    index = world.index(f"{A}/web", "w", "1")
    old = world.manifest(f"{A}/a-first-by-name", "o", "1")
    world.run("x/web", f"{A}/web:1", f"{A}/web@{index}")
    world.claim(index, f"{A}/base:1", kind=ClaimKind.BUILD_RUN)
    facts = world.inventory().freeze()
    children = [child.digest for child in facts.images.manifests[index].children]
    for name, subject in (("a-first-by-name", old), ("base", base), ("web", index), ("web", children[0])):
        world.tell(ReferrersListed(SourceId(SourceKind.REGISTRY, A), name_of(f"{A}/{name}"), subject, (), world.clock))
    facts = world.inventory().freeze()
    asked = Assembler().artifacts(facts)
    assert {each.subject.digest for each in asked[:2]} == {index, children[0]}
    assert [(each.subject.digest, each.priority) for each in asked[2:]] == [(base, Priority.BASE), (old, Priority.REST)]


def test_claims_from_outside_lead_on_as_well() -> None:
    world = World()
    found = world.manifest(APP, "new", "1")
    world.run("x/web", TAG, f"{APP}@{found}")
    world.claim(found, f"{A}/base:1", kind=ClaimKind.BUILD_RUN)
    assert f"{A}/base 1" in words(world)


def test_a_configured_base_is_wanted_even_where_nothing_else_leads() -> None:
    """What an image says may not lead to hosts of its choice; what the operator says may."""
    world = World()
    world.configure(APP, f"base.example/os:1@{digest('os')}")
    world.run("x/web", TAG)
    world.run("x/zoo", f"{B}/zoo:1")
    assert {"base.example/os 1", f"base.example/os {digest('os')}"} <= set(words(world))
    assert sum(each.priority is Priority.BASE for each in demands(world)) == 2


@pytest.mark.parametrize(("base", "listed"), [("shop.azurecr.io/base", True), ("docker.io/library/debian", False)])
def test_the_tags_beside_a_base_are_asked_for_where_the_registry_is_not_everybodys(base: str, listed: bool) -> None:
    world = World()
    image = world.manifest("shop.azurecr.io/app", "ab", "1")
    world.claim(image, f"{base}:12@{digest('its base')}")
    world.run("shop/app", "shop.azurecr.io/app:1", f"shop.azurecr.io/app@{image}")
    base_demands = [each for each in demands(world) if str(each.name) == base]
    assert {each.history for each in base_demands} == {listed}
