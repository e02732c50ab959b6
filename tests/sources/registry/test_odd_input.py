"""Names and settings that nothing can be read by are told as such: a sentence, and never a fault of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.domain.world import NOW
from tests.tried import tried
from tui.domain.facts.demand import Demand, Priority
from tui.domain.facts.events import SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.reference import parse_reference
from tui.domain.policy.policy import built_in
from tui.errors import AuthenticationFailed
from tui.estate.estate import Estate
from tui.sources.kit.credentials import Credentials, DockerConfig
from tui.sources.registry.options import RegistryOptions
from tui.sources.registry.source import RegistrySource


@pytest.mark.parametrize("host", ["[:::::]:1", "xn--a.example", "a.b:99999999"])
async def test_a_host_that_is_none_is_told_in_a_sentence(host: str) -> None:
    reference = parse_reference(f"{host}/x")
    source = RegistrySource(RegistryOptions(host=reference.registry), Credentials())
    source.want((Demand(RepositoryName(reference.registry, "x"), "latest", Priority.RUNNING),))
    estate = Estate((source,), lambda _: None, built_in(), clock=lambda: NOW)
    async with estate.running():
        assert await estate.settled(10)
        (health,) = (each for each in estate.snapshot.sources if each.id == source.id)
    assert health.state is SourceState.FAILED
    assert "is not the address of a registry" in health.error
    (line,) = await tried(source.diagnose())
    assert (line.state, "is not the address" in line.detail) == ("failed", True)


@pytest.mark.parametrize("helper", ["a\0b", "a/b", "no-such-helper", "\ud800".encode("utf-8", "replace").decode()])
async def test_a_helper_that_is_none_is_told_in_a_sentence(tmp_path: Path, helper: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": helper}))
    config = DockerConfig(tmp_path / "config.json", {"PATH": "/usr/bin"})
    with pytest.raises(AuthenticationFailed, match="credential helper") as caught:
        await config.login("registry.test")
    assert "credsStore" in caught.value.remedy
