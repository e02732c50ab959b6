"""Estates of which the truth is known: no outdated base is called current, and no edge is invented."""

from __future__ import annotations

from hypothesis import given

from tests.domain.base_estate import BASE_DIGEST, BASE_NAME, REFUSED, WHOLE, App, Estate, estates
from tests.laws import examples
from tui.domain.facts.image import RepositoryName
from tui.domain.snapshot.snapshot import BaseLink, BaseState, Confidence, Image, Snapshot


def found(snapshot: Snapshot, app: App) -> Image:
    return next(each for each in snapshot.images.values() if each.tags == (app.content,))


def repository(link: BaseLink) -> str:
    """The repository that a link names, empty for layers that nothing names."""
    return str(link.base.name) if link.base.registry else ""


@examples(150)
@given(estates())
def test_no_outdated_base_is_called_current(estate: Estate) -> None:
    snapshot = estate.world().snapshot()
    for app in estate.apps:
        link = found(snapshot, app).base
        if link is not None and link.state is BaseState.CURRENT:
            assert not estate.outdated(app), (app, link)


@examples(150)
@given(estates())
def test_an_annotation_that_layers_refute_makes_nothing_current(estate: Estate) -> None:
    """It names what a tag names today, while the layers are of an older build, or of something else altogether."""
    snapshot = estate.world().snapshot()
    for app in estate.apps:
        link = found(snapshot, app).base
        if app.lies and link is not None:
            assert link.state is not BaseState.CURRENT, (app, link)


@examples(150)
@given(estates())
def test_no_edge_is_invented(estate: Estate) -> None:
    """A claim's name is shown; without one a choice among those that hold the content, unless the true one may be hidden."""
    snapshot = estate.world().snapshot()
    for app in estate.apps:
        link = found(snapshot, app).base
        if link is None or not repository(link) or app.lies:
            continue
        if app.says:
            assert repository(link) == app.repository, (app, link)
            continue
        assert repository(link) in estate.holders_below(app.build), (app, link)
        holders = estate.holders(app.build)
        if repository(link) not in holders:
            continue  # the nearest that is known of what it stands on
        read = {each for each in holders if estate.loaded.get(each, WHOLE) == WHOLE}
        assert link.confidence is not Confidence.CERTAIN or read <= {repository(link)}, (app, link)
        hidden = estate.loaded.get(app.repository, WHOLE) == REFUSED
        home = RepositoryName(*app.home.split("/", 1)).registry
        if hidden and app.repository.startswith(home):
            assert repository(link).startswith(home), (app, link)


@examples(150)
@given(estates(whole=True))
def test_what_is_said_and_read_whole_is_decided(estate: Estate) -> None:
    """A tag that is claimed answers: outdated when it moved, else current; an exact version may have a newer one."""
    snapshot = estate.world().snapshot()
    for app in estate.apps:
        link = found(snapshot, app).base
        if not app.lies and app.says.get(BASE_NAME, "").endswith(f":{app.tag}") and BASE_DIGEST in app.says:
            assert link is not None
            assert link.tag == app.tag
            if estate.outdated(app):
                assert link.state is BaseState.OUTDATED, link
            elif "." not in app.tag:
                assert link.state is BaseState.CURRENT or "is built on an old base itself" in link.state_reason, link
            else:
                assert link.state is not BaseState.UNKNOWN, link
