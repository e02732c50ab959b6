"""What is kept of a cluster is weighed by what it costs: workloads and images that are told apart, more than pods."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.cluster.apiserver import PODS, ApiServer, page, pod, write_kubeconfig
from tests.sources.cluster.follow import options, until_health
from tui.domain.facts.events import SourceState
from tui.domain.facts.workload import ContainerType, Controller, Node, OwnerRef, Pod, PodContainer, TemplateContainer
from tui.sources.cluster import ClusterSource
from tui.sources.cluster.room import MOST, Share
from tui.sources.kit.allotment import Allotment

MB = 1_000_000


def made(number: int, image: int, owner: str = "", containers: int = 1) -> Pod:
    """A pod, bare unless it has an owner."""
    return Pod(
        "c",
        "default",
        f"service-5d4f8c7b9d-{number:06d}",
        f"{number:08d}-0000-4000-8000-000000000000",
        owner=OwnerRef("apps/v1", "ReplicaSet", owner, owner) if owner else None,
        containers=tuple(
            PodContainer(f"c{place}", ContainerType.CONTAINER, "a:1", f"reg.example/team/app@sha256:{image + place:064x}")
            for place in range(containers)
        ),
        labels={"app.kubernetes.io/name": "service"},
    )


def deployed(image: int, uid: str) -> Controller:
    return Controller(
        "c", "default", "Deployment", uid, uid, containers=(TemplateContainer("c0", ContainerType.CONTAINER, f"a:{image}"),)
    )


def test_150_000_pods_of_ordinary_deployments_fit() -> None:
    room = Allotment(MOST)
    share = Share(room)
    assert all(share.fits(made(number, number // 100 % 300, f"rs{number // 100}", 2)) for number in range(150_000))


def test_bare_pods_and_images_of_their_own_cost_most() -> None:
    """Measured: 18 kB of a bare pod with an image of its own, 4 kB of one that shares its image, 1.3 kB of one in a crew."""
    used = {}
    for name, pods in {
        "of a crew": [made(number, 0, "rs") for number in range(1_000)],
        "bare": [made(number, 0) for number in range(1_000)],
        "bare, own image": [made(number, number) for number in range(1_000)],
    }.items():
        room = Allotment(MOST)
        assert Share(room).fit(pods)
        used[name] = room.used / 1_000
    assert 600 < used["of a crew"] < 1_300
    assert used["bare"] > 4_000
    assert used["bare, own image"] > 18_000


def test_what_lists_share_is_weighed_once_and_until_the_last_lets_go() -> None:
    room = Allotment(MOST)
    one, other = Share(room), Share(room)
    one.add(made(1, 7, "rs"))
    first = room.used
    other.add(made(2, 7, "rs"))
    assert room.used - first < 1_000
    one.clear()
    assert room.used == first
    other.clear()
    assert room.used == 0


def test_what_does_not_fit_changes_nothing() -> None:
    room = Allotment(100_000)
    share = Share(room)
    assert not share.fit([made(number, number) for number in range(100)])
    assert room.used == 0
    assert share.fit([made(1, 1)])
    before = room.used
    assert not share.fits(made(1, 100, containers=20), made(1, 1))
    assert room.used == before


def test_a_change_that_needs_no_more_fits_where_there_is_no_room_left() -> None:
    room = Allotment(10)
    share = Share(room)
    share.add(made(1, 1))
    assert share.fits(made(1, 1), made(1, 1))
    assert share.fits(made(1, 2), made(1, 1))
    assert not share.fits(made(2, 2))


_facts = st.one_of(
    st.builds(made, st.integers(0, 5), st.integers(0, 3), st.sampled_from(["", "rs", "other"]), st.integers(0, 3)),
    st.builds(deployed, st.integers(0, 3), st.sampled_from(["a", "b"])),
    st.builds(lambda name: Node("c", name), st.text(max_size=3)),
)


@given(st.lists(_facts, max_size=20), st.integers(0, 150_000))
def test_all_that_was_taken_is_given_back(facts: list[Pod | Controller | Node], most: int) -> None:
    room = Allotment(most)
    share = Share(room)
    kept = [fact for fact in facts if share.fits(fact)]
    assert not room.full
    for fact in kept:
        share.remove(fact)
    assert room.used == 0


@given(_facts, _facts, st.integers(0, 60_000))
def test_a_change_takes_the_room_that_it_needs(before: Pod | Controller | Node, now: Pod | Controller | Node, most: int) -> None:
    room, plain = Allotment(most), Allotment(most)
    changed, counted = Share(room), Share(plain)
    for share in (changed, counted):
        share.add(before)
    used = plain.used
    counted.add(now)
    counted.remove(before)
    fits = not plain.full or plain.used <= used
    assert changed.fits(now, before) is fits
    assert room.used == (plain.used if fits else used)
    changed.clear()
    assert room.used == 0


async def test_pods_of_images_of_their_own_are_cut_sooner_and_that_is_said(tmp_path: Path) -> None:
    kept = {}
    for name in ("same", "own"):
        number = count()

        async def answer(request: web.Request, number: count[int] = number, name: str = name) -> web.StreamResponse:
            items = [pod(f"p{next(number)}") for _ in range(50)]
            for item in items:
                status = {"name": "app", "imageID": f"a.example/x@sha256:{next(number) if name == 'own' else 1:064x}"}
                item["status"] = {"phase": "Running", "containerStatuses": [status]}
                item["spec"] = {"containers": [{"name": "app", "image": "a.example/x:1"}]}
            return await page(items, token=f"t{next(number)}")(request)

        server = ApiServer()
        server.lists(PODS, answer)
        async with server.running():
            source = ClusterSource(options(write_kubeconfig(tmp_path, server.url), room=3 * MB))
            health = await until_health(source, lambda health: health.state is SourceState.PARTIAL)
        kept[name] = health.objects
        assert [denial.what for denial in health.denials] == [f"more than {health.objects} pods"]
    assert 0 < kept["own"] < kept["same"] / 2
