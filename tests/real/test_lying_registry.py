"""Signatures on a registry that lies: what the whole program says of each case, and what cosign says where it is there.

The expectations follow notation-go (`Verify`, `registry/repository.go`), oras-go (`Repository.Referrers`), go-containerregistry
(`fetchReferrers`) and cosign (`VerifyImageSignatures`): what they refuse does not pass, and what could not be read is unknown.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.real.lying_estate import judged
from tests.real.lying_registry import (
    DOCKER_LIST,
    EMPTY,
    INDEX,
    KEY,
    MANIFEST,
    NOTATION,
    STRANGER,
    Answer,
    Json,
    LyingRegistry,
    digest_of,
    error,
    serving,
)
from tui.domain.common.trust import State

PAGE = Answer(200, b"<!DOCTYPE html><html><body>Sign in</body></html>", "text/html; charset=utf-8")


class Case(NamedTuple):
    """What is built and gives the reference that a pod names, the answer, words of its reason, and cosign's word if asked."""

    build: Callable[[LyingRegistry], str]
    state: State
    words: str
    cosign: bool | None


CASES: dict[str, Case] = {}


def case(
    name: str, state: State, words: str = "", cosign: bool | None = None
) -> Callable[[Callable[[LyingRegistry], str]], None]:
    """One more case."""

    def add(build: Callable[[LyingRegistry], str]) -> None:
        CASES[name] = Case(build, state, words, cosign)

    return add


# ---- which digest


@case("an index that notation signed", State.PASS, "on the index")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.index("1", children=registry.platforms()))
    return registry.reference()


@case("an index that cosign signed", State.PASS, "on the index", True)
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.index("1", children=registry.platforms()))
    return registry.reference()


@case("an unsigned index of signed platforms", State.FAIL, "notation verify and cosign verify look at that alone", False)
def _(registry: LyingRegistry) -> str:
    platforms = registry.platforms()
    registry.index("1", children=platforms)
    for platform in platforms:
        registry.cosign(platform)
        registry.notation(platform)
    return registry.reference()


@case("an unsigned Docker list of signed platforms", State.FAIL, "the name gives the index", False)
def _(registry: LyingRegistry) -> str:
    platforms = registry.platforms()
    registry.index("1", children=platforms, media_type=DOCKER_LIST)
    for platform in platforms:
        registry.cosign(platform)
    return registry.reference()


@case("a signed platform of an unsigned index, pinned", State.PASS, "on the platform linux/amd64", True)
def _(registry: LyingRegistry) -> str:
    platforms = registry.platforms()
    registry.index("1", children=platforms)
    registry.cosign(platforms[0])
    return registry.reference(platforms[0]["digest"])


@case("an unsigned platform of a signed index, pinned", State.FAIL, "on the platform linux/amd64", False)
def _(registry: LyingRegistry) -> str:
    platforms = registry.platforms()
    registry.cosign(registry.index("1", children=platforms))
    return registry.reference(platforms[0]["digest"])


@case("a signed platform that has a tag of its own", State.PASS, "on the platform linux/amd64", True)
def _(registry: LyingRegistry) -> str:
    platforms = registry.platforms()
    registry.index("2", children=platforms)
    registry.tags["1"] = platforms[0]["digest"]
    registry.cosign(platforms[0])
    return registry.reference()


def hidden(registry: LyingRegistry, child: Json) -> str:
    """Signed platforms, and beside them one that something hides, under an unsigned index."""
    platforms = registry.platforms()
    registry.index("1", children=[*platforms, child])
    for platform in platforms:
        registry.cosign(platform)
    return registry.reference()


for _label, _said in {"": "", "as an attestation": "attestation-manifest", "oddly": "x"}.items():

    @case(f"a platform that is annotated {_label or 'with nothing'}", State.FAIL, "the name gives the index", False)
    def _(registry: LyingRegistry, said: str = _said) -> str:
        child = {**registry.image(name="evil"), "annotations": {"vnd.docker.reference.type": said}}
        return hidden(registry, child)


@case("a platform with an artifactType in its body", State.FAIL, "the name gives the index", False)
def _(registry: LyingRegistry) -> str:
    return hidden(registry, registry.image(name="evil", artifactType="application/vnd.example"))


@case("a platform with an odd config", State.FAIL, "the name gives the index", False)
def _(registry: LyingRegistry) -> str:
    return hidden(registry, registry.image(name="evil", config=registry.blob(b"{ }", "application/vnd.example")))


@case("a platform three indexes deep", State.FAIL, "the name gives the index", False)
def _(registry: LyingRegistry) -> str:
    child = registry.image(name="evil")
    for _depth in range(3):
        child = registry.index(children=[child])
    return hidden(registry, child)


@case("signed platforms in a signed index in an unsigned index", State.FAIL, "No signature was found on the index", False)
def _(registry: LyingRegistry) -> str:
    inner = registry.index(children=registry.platforms())
    registry.cosign(inner)
    registry.index("1", children=[inner])
    return registry.reference()


@case("a signed index in an index, pinned", State.PASS, "", True)
def _(registry: LyingRegistry) -> str:
    inner = registry.index(children=registry.platforms())
    registry.cosign(inner)
    registry.index("1", children=[inner])
    return registry.reference(inner["digest"])


# ---- where the signature lies


@case("the API lists it", State.PASS, "notation, on the image")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"))
    return registry.reference()


@case("the API is on and empty, the tag schema has it", State.FAIL, "No signature counts: it lies under the tag schema alone")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"), api=False, schema=True)
    return registry.reference()


@case("both have it", State.PASS, "notation, on the image")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"), schema=True)
    return registry.reference()


LACKING = {
    "404 in plain text": Answer(404, b"404 page not found\n", "text/plain"),
    "404 of a web server": Answer(404, b"<html>no</html>", "text/html"),
    "404 in JSON": error(404, "NOT_FOUND"),
    "404 UNSUPPORTED": error(404, "UNSUPPORTED"),
    "404 of an empty body": Answer(404),
    "405": error(405, "UNSUPPORTED"),
    "406": error(406, "MANIFEST_UNKNOWN"),
    "501": Answer(501),
    "200 with a web page": PAGE,
    "200 with JSON of another type": Answer(200, b'{"schemaVersion":2,"manifests":[]}', "application/json"),
    "303 to a web page": Answer(303, b"", "text/plain", (("Location", "/login"),)),
}

for _label, _answer in LACKING.items():

    @case(f"no API ({_label}), the tag schema has it", State.PASS, "notation, on the image")
    def _(registry: LyingRegistry, answer: Answer = _answer) -> str:
        registry.notation(registry.image("1"), api=False, schema=True)
        registry.lie("/referrers/", answer)
        registry.lie("/login", PAGE)
        return registry.reference()

    @case(f"no API ({_label}), nothing has it", State.FAIL, "does not offer the referrers API: only the tags", False)
    def _(registry: LyingRegistry, answer: Answer = _answer) -> str:
        registry.image("1")
        registry.lie("/referrers/", answer)
        registry.lie("/login", PAGE)
        return registry.reference()


FAILING = {
    "500": Answer(500, b"oops", "text/plain"),
    "401": error(401, "UNAUTHORIZED"),
    "403": error(403, "DENIED"),
    "404 NAME_UNKNOWN": error(404, "NAME_UNKNOWN"),
    "junk": Answer(200, b"{", INDEX),
    "no list": Answer(200, b"[]", INDEX),
    "something else": Answer(200, b'{"errors":[]}', INDEX),
    "entries without a digest": Answer(200, b'{"schemaVersion":2,"manifests":[{"mediaType":"x"}]}', INDEX),
}

for _label, _answer in FAILING.items():

    @case(f"the API fails ({_label}), nothing has it", State.UNKNOWN)
    def _(registry: LyingRegistry, answer: Answer = _answer) -> str:
        registry.image("1")
        registry.lie("/referrers/", answer)
        return registry.reference()

    @case(f"the API fails ({_label}), the tag schema has it", State.UNKNOWN)
    def _(registry: LyingRegistry, answer: Answer = _answer) -> str:
        registry.notation(registry.image("1"), api=False, schema=True)
        registry.lie("/referrers/", answer)
        return registry.reference()


@case("the API fails (500), cosign's tag has it", State.PASS, "cosign, on the image")
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.image("1"))
    registry.lie("/referrers/", FAILING["500"])
    return registry.reference()


@case("the tag of the schema names the image itself", State.FAIL, "No signature was found")
def _(registry: LyingRegistry) -> str:
    index = registry.index("1", children=[{**registry.image(), "artifactType": NOTATION}])
    registry.tags[index["digest"].replace(":", "-")] = index["digest"]
    registry.api = False
    return registry.reference()


@case("the tag of the schema names an image", State.FAIL, "No signature was found")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.image(image["digest"].replace(":", "-"), name="other")
    registry.api = False
    return registry.reference()


@case("the tag of the schema is a Docker list", State.FAIL, "No signature was found")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    listed = registry.notation(image, api=False)
    registry.index(image["digest"].replace(":", "-"), children=[listed], media_type=DOCKER_LIST)
    registry.api = False
    return registry.reference()


@case("tags are not listed, the tag schema has it", State.PASS)
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"), api=False, schema=True)
    registry.api = False
    registry.lie("/tags/list", error(401, "UNAUTHORIZED"))
    return registry.reference()


@case("the tag that cosign uses is refused", State.UNKNOWN)
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.image("1"))
    registry.lie(".sig", error(403, "DENIED"))
    return registry.reference()


# ---- much


@case("1,100 SBOMs and a good signature behind them", State.PASS, "notation, on the image")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.junk(image, 1100)
    registry.notation(image)
    return registry.reference()


@case("101 bad signatures and a good one behind them", State.UNKNOWN, "more than 100 signatures")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    for number in range(101):
        registry.notation(image, about=registry.image(name="other"), salt=str(number))
    registry.notation(image)
    return registry.reference()


@case("a good signature and 101 bad ones behind it", State.PASS)
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.notation(image)
    for number in range(101):
        registry.notation(image, about=registry.image(name="other"), salt=str(number))
    return registry.reference()


@case("400 artifacts of no type and a good signature behind them", State.UNKNOWN, "of which 300 were read")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.junk(image, 400, EMPTY)
    registry.notation(image)
    return registry.reference()


@case("60 signatures of strangers and a good one behind them", State.PASS, "cosign, on the image", True)
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.image("1"), *[STRANGER] * 60, KEY)
    return registry.reference()


@case("60 signatures of strangers", State.FAIL, "", False)
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.image("1"), *[STRANGER] * 60)
    return registry.reference()


@case("a list that leads to itself", State.PASS)
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    signature = registry.notation(image, api=False)
    path = f"/v2/app/referrers/{image['digest']}"
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [signature]}).encode()
    registry.lie("/referrers/", Answer(200, body, INDEX, (("Link", f'<{path}>; rel="next"'),)))
    return registry.reference()


@case("a list whose second page fails", State.UNKNOWN)
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.lie("last=2", Answer(500))
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    link = (("Link", f'</v2/app/referrers/{image["digest"]}?last=2>; rel="next"'),)
    registry.lie("/referrers/", Answer(200, body, INDEX, link))
    return registry.reference()


@case("a list whose second page is not there", State.UNKNOWN, "")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.lie("last=2", LACKING["404 in plain text"])
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
    link = (("Link", f'</v2/app/referrers/{image["digest"]}?last=2>; rel="next"'),)
    registry.lie("/referrers/", Answer(200, body, INDEX, link))
    return registry.reference()


# ---- bent


@case("a signature's manifest with two layers", State.FAIL, "has 2 layers where one is allowed")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"), layers=2)
    return registry.reference()


@case("a signature's manifest that is listed as an index", State.FAIL, "the registry lists its manifest as")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"), mediaType=INDEX)
    return registry.reference()


@case("a signature's manifest that is an index with layers", State.FAIL, "its manifest is an index")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    layer = registry.blob(registry.envelope(image), "application/jose+json")
    body = {"artifactType": NOTATION, "layers": [layer], "manifests": [], "config": registry.blob(b"{}", NOTATION)}
    registry.attach(image, body)
    return registry.reference()


@case("a signature's manifest that calls itself an index", State.FAIL, "its manifest is an index, or of another type")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    layer = registry.blob(registry.envelope(image), "application/jose+json")
    body = {"artifactType": NOTATION, "layers": [layer], "mediaType": INDEX, "config": registry.blob(b"{}", NOTATION)}
    listed = registry.put(body, media_type=MANIFEST, served_as=INDEX)
    registry.listed[image["digest"]] = [{**listed, "artifactType": NOTATION}]
    return registry.reference()


for _label, _size in {"one byte more": 1, "one byte less": -1, "nothing": -(10**9)}.items():

    @case(f"a signature's manifest that is listed with {_label}", State.FAIL, "bytes, and it has")
    def _(registry: LyingRegistry, more: int = _size) -> str:
        listed = registry.notation(registry.image("1"))
        listed["size"] = max(0, listed["size"] + more)
        return registry.reference()


@case("an envelope that is listed with another size", State.FAIL, "its envelope is listed with 3 bytes")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    layer = {**registry.blob(registry.envelope(image), "application/jose+json"), "size": 3}
    registry.attach(image, {"artifactType": NOTATION, "layers": [layer], "config": registry.blob(b"{}", NOTATION)})
    return registry.reference()


@case("what notation cannot fetch, and a good signature behind it", State.UNKNOWN, "notation stops at sha256:")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.notation(image, layers=2)
    registry.notation(image)
    return registry.reference()


@case("a good signature, and what notation cannot fetch behind it", State.PASS)
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.notation(image)
    registry.notation(image, layers=2)
    return registry.reference()


@case("a signature's manifest under another Content-Type", State.UNKNOWN, "says that it is")
def _(registry: LyingRegistry) -> str:
    listed = registry.notation(registry.image("1"))
    _type, content = registry.manifests[listed["digest"]]
    registry.manifests[listed["digest"]] = INDEX, content
    return registry.reference()


@case("an image under another Content-Type", State.UNKNOWN, "says that it is")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.notation(image)
    registry.manifests[image["digest"]] = DOCKER_LIST, registry.manifests[image["digest"]][1]
    return registry.reference()


@case("an index under another Content-Type", State.UNKNOWN, "says that it is")
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.index("1", children=registry.platforms(), served_as=MANIFEST))
    return registry.reference()


@case("an image that is listed as what is attached to it", State.FAIL, "No signature was found")
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    registry.listed[image["digest"]] = [{**image, "artifactType": ""}]
    return registry.reference()


@case("a signature that is listed for another subject than its own", State.PASS, "notation, on the image")
def _(registry: LyingRegistry) -> str:
    image, other = registry.image("1"), registry.image(name="other")
    listed = registry.notation(other, about=image, api=False)
    registry.listed[image["digest"]] = [listed]
    return registry.reference()


@case("a signature for another image", State.FAIL, "signature is for another artifact")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"), about=registry.image(name="other"))
    return registry.reference()


@case("a signature of cosign for another image", State.FAIL, "", False)
def _(registry: LyingRegistry) -> str:
    registry.cosign(registry.image("1"), digest=digest_of(b"x"))
    return registry.reference()


@case("a signature that is gone", State.UNKNOWN, "Not every signature could be read")
def _(registry: LyingRegistry) -> str:
    listed = registry.notation(registry.image("1"))
    del registry.manifests[listed["digest"]]
    return registry.reference()


@case("an envelope of other bytes", State.UNKNOWN, "Not every signature could be read")
def _(registry: LyingRegistry) -> str:
    registry.notation(registry.image("1"))
    registry.lie("/blobs/", Answer(200, b"{}"))
    return registry.reference()


@case("the same signature listed twice", State.PASS)
def _(registry: LyingRegistry) -> str:
    image = registry.image("1")
    listed = registry.notation(image)
    registry.listed[image["digest"]].append(listed)
    return registry.reference()


@pytest.mark.parametrize("name", CASES)
async def test_each_case_is_answered_as_the_tools_of_the_field_would(name: str, tmp_path: Path) -> None:
    found = CASES[name]
    with serving() as registry:
        said = await judged(registry, tmp_path, found.build(registry))
    assert (said.state, found.words in said.reason) == (found.state, True), said.reason
    assert not said.remedy or said.remedy.endswith(".")


@pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on the PATH")
@pytest.mark.parametrize("name", [name for name, each in CASES.items() if each.cosign is not None])
def test_cosign_agrees(name: str, tmp_path: Path) -> None:
    found = CASES[name]
    with serving() as registry:
        reference = found.build(registry)
        from tests.real.lying_registry import trusted

        _, key = trusted(tmp_path)
        command = ["cosign", "verify", "--key", key, "--insecure-ignore-tlog=true", "--allow-http-registry=true", reference]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert (done.returncode == 0) is found.cosign, done.stderr.decode()


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
