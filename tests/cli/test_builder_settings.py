"""Builders in the configuration: jobs as each system names them, and faults with their place."""

from __future__ import annotations

import pytest

from tui.errors import InvalidConfig
from tui.settings.builders import BuilderSettings, CiKind, JobSettings
from tui.settings.file import read

IMAGES = '[builder.x.images]\n"contoso.azurecr.io/a" = '


def builders(text: str) -> dict[str, BuilderSettings]:
    found = read(text.encode(), "/a/config.toml")["builder"]
    assert isinstance(found, dict)
    return found


def test_jobs_are_named_as_their_system_does() -> None:
    text = (
        '[builder.azure-pipelines]\nurl = "https://dev.azure.com/contoso"\nproject = "shop"\n'
        '[builder.azure-pipelines.images]\n"contoso.azurecr.io/a" = "20"\n"contoso.azurecr.io/b" = "Other Project/7"\n'
        '[builder.github-actions]\nproject = "contoso/shop"\nimages."contoso.azurecr.io/c" = "build.yml"\n'
        '[builder.ci]\nkind = "jenkins"\nurl = "https://ci.example/jenkins"\n'
        'images."contoso.azurecr.io/d/*" = {job = "folder/d", ref = "feature/x", parameters = {IMAGE = "d"}}\n'
    )
    read_ = builders(text)
    assert [job.job for job in read_["azure-pipelines"].images.values()] == ["shop/20", "Other Project/7"]
    assert read_["github-actions"].images == {"contoso.azurecr.io/c": JobSettings("contoso/shop/build.yml")}
    assert read_["ci"].kind is CiKind.JENKINS
    assert read_["ci"].images == {"contoso.azurecr.io/d/*": JobSettings("folder/d/feature%2Fx", "feature/x", {"IMAGE": "d"})}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("[builder.x]\nurl = 'https://ci.example'", "1:1", "`kind` is missing"),
        ('[builder.jenkins]\nproject = ""', "1:1", "`url` is missing"),
        ('[builder.jenkins]\nurl = "http://ci.example"', "2:1", "not an https address"),
        ('[builder.jenkins]\nurl = "https://me:secret@ci.example"', "2:1", "holds a user"),
        ('[builder.jenkins]\nurl = "https://ci.example"\ntoken = "secret"', "3:1", "does not belong in the file"),
        ('[builder.jenkins]\nurl = "https://ci.example"\nprojet = "x"', "3:1", "is not a setting"),
        (f'[builder.x]\nkind = "github-actions"\n{IMAGES}"build.yml"', "4:1", "is not a job of github-actions"),
        (f'[builder.x]\nkind = "github-actions"\n{IMAGES}"o/../build.yml"', "4:1", "is not a job of github-actions"),
        (f'[builder.x]\nkind = "github-actions"\n{IMAGES}7', "4:1", "has a wrong value"),
        (f'[builder.x]\nkind = "azure-pipelines"\nurl = "https://dev.azure.com/o"\n{IMAGES}"p/build"', "5:1", "is not a job"),
        (f'[builder.x]\nkind = "jenkins"\nurl = "https://ci.example"\n{IMAGES}"a/../b"', "5:1", "is not a job"),
        ('[builder.x]\nkind = "github-actions"\n[builder.x.images]\n"*bad*/" = "a/b/c.yml"', "4:1", ""),
        (f'[builder.x]\nkind = "github-actions"\n{IMAGES}{{job = "a/b/c.yml", branch = "x"}}', "4:", "is not a setting"),
    ],
)
def test_a_fault_is_shown_with_its_place(text: str, place: str, said: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        builders(text)
    assert caught.value.headline.startswith(f"/a/config.toml:{place}"), caught.value.headline
    assert said in caught.value.headline
    assert caught.value.remedy
    assert "secret" not in f"{caught.value.headline} {caught.value.remedy}"
