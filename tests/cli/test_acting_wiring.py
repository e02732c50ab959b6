"""How clusters are reached to change them: the same ones that are read, whatever has become of the kubeconfig since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.actions.plans import plan_of, restart
from tests.actions.world import World
from tui.actions.actions import Actions
from tui.errors import UsageError
from tui.settings.settings import Settings
from tui.sources.cluster import ClusterOptions
from tui.sources.cluster.access import find_place
from tui.sources.kit.credentials import Credentials
from tui.sources.registry.options import RegistryOptions
from tui.wiring.acting import actions_of
from tui.wiring.parts import open_to_act


async def test_a_plan_of_a_cluster_that_is_not_read_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of a file, or one that is taken up again, may be of other clusters than this command names."""
    world = World(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    plan = world.plan(plan_of(restart("web")))
    actions = actions_of(
        Settings(write=True),
        world,  # type: ignore[arg-type]
        Credentials(),
        lambda kind, name: None,
        lambda cluster: None,
        lambda host: RegistryOptions(host=host),
    )
    async with actions.running():
        with pytest.raises(UsageError, match="not among the clusters that are read") as error:
            await actions.begin(plan)
    assert "--context" in error.value.remedy
    assert world.sends == []


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: {current}
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:9"}}}}]
contexts:
- {{name: staging, context: {{cluster: c, user: u}}}}
- {{name: prod, context: {{cluster: c, user: u}}}}
users: [{{name: u, user: {{}}}}]
"""


async def test_the_current_context_is_settled_when_the_estate_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kubectl config use-context` in another terminal must not lead a change to another cluster."""
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG.format(current="staging"))
    reached: list[Callable[[str], ClusterOptions | None]] = []

    def seen(*arguments: Any) -> Actions:
        reached.append(arguments[4])
        return actions_of(*arguments)

    monkeypatch.setattr("tui.wiring.acting.actions_of", seen)
    settings = Settings(kubeconfig=str(file), azure=False, use_cache=False, write=True)
    async with open_to_act(settings):
        file.write_text(KUBECONFIG.format(current="prod"))
    options = reached[0]("staging")
    assert options is not None
    assert find_place(options).context == "staging"
    assert reached[0]("prod") is None
