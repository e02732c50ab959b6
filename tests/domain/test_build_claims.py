"""What images say themselves of who built them: read, matched with jobs, and weighed.

Shapes: SLSA provenance v0.2 and v1 as GitHub's attestations, slsa-github-generator, BuildKit and Tekton Chains write it; the
labels of the Docker task of Azure Pipelines (learn.microsoft.com, Docker@2) and of docker/metadata-action.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
import pytest

from tests.domain.estates import ACR, NOW
from tests.domain.plans import kit
from tests.domain.test_attribution import basis_of
from tests.domain.world import World, trusting
from tui.domain.assemble.assemble import Assembler
from tui.domain.builds.attribution import attributions
from tui.domain.builds.claimed import contradiction
from tui.domain.builds.labels import label_claims
from tui.domain.builds.places import build_place, source_repository
from tui.domain.builds.provenance import builder_claims
from tui.domain.facts.build import BuilderKind, BuiltImage, Job, JobKey, Run, RunState
from tui.domain.facts.build_claim import BuildClaim, ClaimedBy
from tui.domain.facts.build_events import JobsSeen, builder_source
from tui.domain.facts.events import ClaimsRead, SignaturesVerified, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.image import RepositoryName
from tui.domain.facts.inventory.inventory import Inventory
from tui.domain.facts.signature import Outcome, SignatureSystem, Verdict
from tui.domain.plans.builders import ChosenJob, NoJob, choose_job
from tui.domain.snapshot.snapshot import Confidence, Image

GITHUB, AZURE, JENKINS = BuilderKind.GITHUB_ACTIONS, BuilderKind.AZURE_PIPELINES, BuilderKind.JENKINS
SHOP, REPOSITORY, JOB = "https://github.com/contoso/shop", "github.com/contoso/shop", "contoso/shop/api.yml"
GHES, ORGANISATION = "https://git.corp/contoso/shop", "dev.azure.com/contoso"
OLD = "https://contoso.visualstudio.com"
WORKFLOW = JobKey(GITHUB, "gh", "contoso/shop/api.yml")
PIPELINE = JobKey(AZURE, "ado", "shop/31")
JOBS = (
    Job(WORKFLOW, "Build api", url=f"{SHOP}/actions/workflows/api.yml"),
    Job(PIPELINE, "Build api", url="https://dev.azure.com/contoso/shop/_build?definitionId=31"),
    Job(JobKey(JENKINS, "ci", "shop/api"), "shop » api", url="https://jenkins.example/job/shop/job/api/"),
)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"{SHOP}/actions/runs/81/attempts/2", (GITHUB, "github.com", "", "81", REPOSITORY)),
        (f"{SHOP}/.github/workflows/api.yml@refs/heads/main", (GITHUB, "github.com", JOB, "", REPOSITORY)),
        (f"{GHES}/blob/main/.github/workflows/a.yaml", (GITHUB, "git.corp", "contoso/shop/a.yaml", "", "git.corp/contoso/shop")),
        ("https://github.com/actions/runner/github-hosted", (GITHUB, "", "", "", "")),
        ("https://dev.azure.com/contoso/shop/_build?definitionId=31", (AZURE, ORGANISATION, "shop/31", "", "")),
        ("https://dev.azure.com/contoso/My%20Shop/_build/results?buildId=7&view=results", (AZURE, ORGANISATION, "", "7", "")),
        (f"{OLD}/shop/_build?DefinitionId=31", (AZURE, ORGANISATION, "shop/31", "", "")),
        (f"{OLD}/DefaultCollection/shop/_build?definitionId=31", (AZURE, ORGANISATION, "shop/31", "", "")),
        ("https://tfs.corp/tfs/Main/shop/_build/results?buildId=7", (AZURE, "tfs.corp/tfs/Main", "", "7", "")),
        ("vstfs:///Build/Build/1293", (AZURE, "", "", "1293", "")),
        ("https://ci.corp/jenkins/job/shop/job/api/job/feature%2Fx/12/", (JENKINS, "ci.corp", "shop/api/feature/x", "12", "")),
        ("https://ci.corp/job/shop/", (JENKINS, "ci.corp", "shop", "", "")),
        ("https://gitlab.com/contoso/apps/shop/-/jobs/99", (None, "gitlab.com", "", "99", "gitlab.com/contoso/apps/shop")),
        ("https://tekton.dev/chains/v2", (None, "", "", "", "")),
    ],
)  # fmt: skip
def test_reads_addresses_of_build_systems(address: str, said: tuple[object, ...]) -> None:
    place = build_place(address)
    assert place is not None
    assert (place.kind, place.host, place.job, place.run, place.repository) == said


@pytest.mark.parametrize(
    "address", ["", "x", "https://[", "javascript:alert(1)", SHOP, "https://nginx.org/en/docs", "http://job/"]
)
def test_takes_no_other_address_for_one(address: str) -> None:
    assert build_place(address) is None


@pytest.mark.parametrize(
    ("written", "repository"),
    [
        (SHOP, "github.com/contoso/shop"),
        (f"git+{SHOP}@refs/heads/main", "github.com/contoso/shop"),
        (f"{SHOP}.git", "github.com/contoso/shop"),
        (f"{SHOP}.git#refs/heads/main", "github.com/contoso/shop"),
        (f"{SHOP}/tree/main/api", "github.com/contoso/shop"),
        ("git@github.com:contoso/shop.git", "github.com/contoso/shop"),
        ("ssh://git@github.com/contoso/shop", "github.com/contoso/shop"),
        ("https://user:secret@github.com/contoso/shop", "github.com/contoso/shop"),
        ("https://contoso@dev.azure.com/contoso/shop/_git/api", "dev.azure.com/contoso/shop/_git/api"),
        ("https://contoso.visualstudio.com/shop/_git/api", "dev.azure.com/contoso/shop/_git/api"),
        ("git@ssh.dev.azure.com:v3/contoso/shop/api", "dev.azure.com/contoso/shop/_git/api"),
        ("https://contoso.visualstudio.com/", "dev.azure.com/contoso"),
        ("file:///home/me/shop", ""), ("https://github.com", ""), ("just words", ""), ("https://[", ""),
    ],
)  # fmt: skip
def test_one_repository_is_one_however_it_is_written(written: str, repository: str) -> None:
    assert source_repository(written) == repository


def v1(external: object = None, builder: str = "", metadata: object = None) -> bytes:
    """A statement of v1."""
    predicate = {
        "buildDefinition": {"buildType": "t", "externalParameters": external or {}},
        "runDetails": {"builder": {"id": builder}, "metadata": metadata or {}},
    }
    return json.dumps({"predicateType": "https://slsa.dev/provenance/v1", "predicate": predicate}).encode()


def v02(builder: str = "", source: object = None, environment: object = None, metadata: object = None) -> bytes:
    """A statement of v0.2."""
    invocation = {"configSource": source or {}, "environment": environment or {}}
    predicate = {"builder": {"id": builder}, "buildType": "t", "invocation": invocation, "metadata": metadata or {}}
    return json.dumps({"predicateType": "https://slsa.dev/provenance/v0.2", "predicate": predicate}).encode()


FILE = ".github/workflows/api.yml"
WORKFLOW_PARAMETERS = {"workflow": {"ref": "refs/heads/main", "repository": SHOP, "path": ".github/workflows/api.yml"}}
HEAD = b'{"predicateType":"https://slsa.dev/provenance/v1","predicate":'
CALLED = "https://github.com/others/builds/.github/workflows/docker.yml@refs/tags/v1"
RUN_81 = f"{SHOP}/actions/runs/81/attempts/1"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        pytest.param(
            v1(WORKFLOW_PARAMETERS, "https://github.com/actions/runner/github-hosted", {"invocationId": RUN_81}),
            (GITHUB, "contoso/shop/api.yml", "81", "github.com/contoso/shop"), id="GitHub's attestations",
        ),
        pytest.param(
            v1(WORKFLOW_PARAMETERS, CALLED), (GITHUB, "contoso/shop/api.yml", "", "github.com/contoso/shop"),
            id="a workflow of others that was called is not the one to run",
        ),
        pytest.param(
            v02(CALLED, {"uri": f"git+{SHOP}@refs/heads/main", "entryPoint": FILE}, {"github_run_id": "81"}),
            (GITHUB, "contoso/shop/api.yml", "81", "github.com/contoso/shop"), id="slsa-github-generator",
        ),
        pytest.param(
            v02(RUN_81, {"entryPoint": "Dockerfile"}), (GITHUB, "", "81", "github.com/contoso/shop"), id="BuildKit in a workflow",
        ),
        pytest.param(
            v1({"configSource": {"path": "Dockerfile"}}, RUN_81, {"buildkit_metadata": {"vcs": {"source": f"{SHOP}.git"}}}),
            (GITHUB, "", "81", "github.com/contoso/shop"), id="BuildKit in a workflow, v1",
        ),
        pytest.param(
            v02("https://dev.azure.com/contoso/shop/_build?definitionId=31"), (AZURE, "shop/31", "", ""), id="Azure Pipelines",
        ),
        pytest.param(v1(builder="https://ci.corp/job/shop/job/api/7/"), (JENKINS, "shop/api", "7", ""), id="Jenkins"),
    ],
)  # fmt: skip
def test_reads_the_builder_of_a_provenance(statement: bytes, said: tuple[object, ...]) -> None:
    (claim,) = builder_claims(statement)
    assert (claim.kind, claim.job, claim.run, claim.repository) == said
    assert claim.names_builder


@pytest.mark.parametrize(
    ("builder", "system"),
    [("https://tekton.dev/chains/v2", "Tekton Chains"), ("https://witness.example/b@v1", "https://witness.example/b@v1")],
)
def test_names_systems_that_are_none_of_ours(builder: str, system: str) -> None:
    (claim,) = builder_claims(v1(builder=builder))
    assert (claim.kind, claim.system) == (None, system)


@pytest.mark.parametrize(
    "statement",
    [
        b"", b"[]", b"{", v1(), v02(), v1("text"), v1({"workflow": []}), v1({"workflow": {"path": 7, "repository": {}}}),
        b'{"predicateType":"https://spdx.dev/Document","predicate":{"builder":{"id":"https://tekton.dev/chains/v2"}}}',
        HEAD + b'{"buildDefinition":7}}',
        HEAD + b'{"runDetails":{"builder":' + b"[" * 9000 + b"]" * 9000 + b"}}}",
    ],
)  # fmt: skip
def test_says_nothing_where_a_provenance_tells_nothing(statement: bytes) -> None:
    assert builder_claims(statement) == ()


def azure_labels(prefix: str = "com.azure.dev", **changed: str) -> dict[str, str]:
    """The labels of the Docker task of Azure Pipelines."""
    parts = {
        "build.builduri": "vstfs:///Build/Build/1293",
        "build.definitionname": "Build api",
        "build.repository.uri": "https://contoso@dev.azure.com/contoso/shop/_git/shop",
        "build.sourceversion": "4f1d2ab",
        "system.teamfoundationcollectionuri": "https://dev.azure.com/contoso/",
        "system.teamproject": "shop",
    }
    return {f"{prefix}.image.{name}": text for name, text in (parts | changed).items()}


@pytest.mark.parametrize("prefix", ["com.azure.dev", "com.visualstudio.contoso", "TFSSERVER"])
def test_reads_the_labels_of_azure_pipelines(prefix: str) -> None:
    (claim,) = label_claims(azure_labels(prefix), ClaimedBy.LABEL)
    assert (claim.kind, claim.host, claim.title, claim.run) == (AZURE, "dev.azure.com/contoso", "shop/Build api", "1293")
    assert (claim.repository, claim.revision) == ("dev.azure.com/contoso/shop/_git/shop", "4f1d2ab")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"org.opencontainers.image.source": SHOP, "org.opencontainers.image.revision": "ab"}, [("", "github.com/contoso/shop")]),
        ({"org.label-schema.vcs-url": f"{SHOP}.git"}, [("", "github.com/contoso/shop")]),
        ({"org.opencontainers.image.url": "https://nginx.org/"}, []),
        ({"com.corp.build-url": "https://ci.corp/job/shop/job/api/7/"}, [("shop/api", "")]),
        ({"BUILD": RUN_81}, [("", "github.com/contoso/shop")]),
        ({"org.opencontainers.image.title": "api", "maintainer": "ann"}, []),
        ({"org.opencontainers.image.source": ""}, []),
    ],
)  # fmt: skip
def test_reads_other_labels(labels: Mapping[str, str], said: list[tuple[str, str]]) -> None:
    assert [(claim.job, claim.repository) for claim in label_claims(labels, ClaimedBy.LABEL)] == said


# ---- which job they mean


def image(*claims: BuildClaim, verdict: Verdict | None = None, signed: str = "") -> Image:
    """An image that says this; with a verdict its index, or what is named, was looked at."""
    key = kit.key("shop/api@1")
    outcomes = (Outcome(SignatureSystem.NOTATION, verdict, ""),) if verdict is not None else ()
    looked = (SignaturesVerified(SOURCE, RepositoryName(ACR, "shop/api"), signed or key.digest, outcomes, NOW),)
    return msgspec.structs.replace(kit.image(key, "1"), built_by=claims, signatures=looked)


SOURCE, OTHER = SourceId(SourceKind.REGISTRY, ACR), "sha256:" + "9" * 64
LINE = f'images."{ACR}/shop/api" = '
PROVENANCE = builder_claims(v1(WORKFLOW_PARAMETERS))[0]
SOURCE_LABEL = label_claims({"org.opencontainers.image.source": SHOP}, ClaimedBy.LABEL)[0]
PIPELINE_LABEL = label_claims(azure_labels(**{"build.repository.uri": SHOP}), ClaimedBy.LABEL)[0]
JENKINS_LABEL = label_claims({"ci": "https://jenkins.corp/job/shop/job/api/7/"}, ClaimedBy.LABEL)[0]


@pytest.mark.parametrize(
    ("claim", "job"),
    [
        (PROVENANCE, "contoso/shop/api.yml"),
        (SOURCE_LABEL, "contoso/shop/api.yml"),
        (PIPELINE_LABEL, "shop/31"),
        (JENKINS_LABEL, "shop/api"),
        (builder_claims(v02(RUN_81))[0], "contoso/shop/api.yml"),
        (builder_claims(v1({"workflow": {"repository": SHOP, "path": ".github/workflows/other.yml"}}))[0], ""),
        (builder_claims(v1({"workflow": {"repository": GHES, "path": FILE}}))[0], ""),
        (msgspec.structs.replace(PIPELINE_LABEL, host="dev.azure.com/fabrikam"), ""),
        (msgspec.structs.replace(PIPELINE_LABEL, title="shop/Renamed", run=""), ""),
        (msgspec.structs.replace(SOURCE_LABEL, repository="gitlab.com/contoso/shop"), ""),
        (builder_claims(v1(builder="https://tekton.dev/chains/v2"))[0], ""),
    ],
)  # fmt: skip
def test_finds_the_job_that_a_claim_means(claim: BuildClaim, job: str) -> None:
    runs = [Run(GITHUB, "gh", "81", RunState.SUCCEEDED, WORKFLOW)]
    assert [found.job.job for found in attributions(image(claim), JOBS, runs) if found.job] == ([job] if job else [])


def test_a_repository_with_several_workflows_names_none() -> None:
    other = Job(JobKey(GITHUB, "gh", "contoso/shop/web.yml"), "Build web")
    assert attributions(image(SOURCE_LABEL), (*JOBS, other), ()) == ()


@pytest.mark.parametrize(
    ("subject", "confidence", "words"),
    [
        (image(PROVENANCE), Confidence.CLAIMED, "Its provenance, which nobody signed, names the"),
        (image(PROVENANCE, verdict=Verdict.VALID), Confidence.LIKELY, "Its provenance, which its signature covers, names"),
        (image(PROVENANCE, verdict=Verdict.INVALID), Confidence.CLAIMED, "Its provenance, whose signature is not accepted,"),
        (image(PROVENANCE, verdict=Verdict.VALID, signed=OTHER), Confidence.CLAIMED, "of which no signature was checked"),
        (image(PIPELINE_LABEL, verdict=Verdict.VALID), Confidence.CLAIMED, "build.definitionname, which its signature"),
        (image(SOURCE_LABEL), Confidence.CLAIMED, "of which no other workflow is known"),
    ],
)  # fmt: skip
def test_says_whether_somebody_vouches_for_it(subject: Image, confidence: Confidence, words: str) -> None:
    (attribution,) = attributions(subject, JOBS, ())
    assert attribution.confidence is confidence
    assert words in attribution.note


def test_what_builders_say_comes_before_what_the_image_says() -> None:
    built = kit.job("task", "shop/api:1")
    subject = image(PROVENANCE, verdict=Verdict.VALID)
    ran = kit.run(built, "r1", subject.key)
    assert basis_of(attributions(subject, (*JOBS, built), (ran,))) == [("task", "run"), ("contoso/shop/api.yml", "provenance")]
    chosen = choose_job(kit.world([subject], jobs=[*JOBS, built], runs=[ran]), subject.key)
    assert isinstance(chosen, ChosenJob)
    assert chosen.warnings == ()  # a digest that a run pushed is certain, whatever the image says
    chosen = choose_job(kit.world([subject], jobs=[*JOBS, built]), subject.key)
    assert isinstance(chosen, ChosenJob)
    assert "another builder than this one" in chosen.warnings[0]


# ---- what comes of it


@pytest.mark.parametrize(("pushes", "runs"), [(True, False), (False, True)])
def test_a_job_that_is_known_to_push_something_else_is_not_run_for_a_claim(pushes: bool, runs: bool) -> None:
    """The label of an image that was copied names the job of the one that it was copied from; that of an attacker's any job."""
    subject, other = image(PIPELINE_LABEL), BuiltImage(RepositoryName(ACR, "shop/other"), "1", OTHER)
    named = next(job for job in JOBS if job.key.job == "shop/31")
    jobs = [msgspec.structs.replace(named, images=(other,) if pushes else ())]
    run = msgspec.structs.replace(kit.run(named, "r1"), images=(other,))
    chosen = choose_job(kit.world([subject], jobs=jobs, runs=[run] if runs else []), subject.key)
    assert isinstance(chosen, NoJob)
    assert chosen.reason.startswith("No job is known to build it. A label, which nobody signed, names the Azure pipeline")
    assert f"which pushes {ACR}/shop/other, and not this." in chosen.reason
    assert f'{LINE}"shop/31"' in chosen.remedy


def test_a_job_that_stands_on_a_claim_says_so_and_how_to_confirm_it() -> None:
    subject = image(PIPELINE_LABEL)
    chosen = choose_job(kit.world([subject], jobs=JOBS), subject.key)
    assert isinstance(chosen, ChosenJob)
    assert chosen.warnings == (
        "Only a label, which nobody signed, says that this job builds it.",
        f'If it is so, this line in [builder.ado] of the settings says it: images."{ACR}/shop/api" = "shop/31".',
    )


@pytest.mark.parametrize(
    ("claims", "tables", "reason", "remedy"),
    [
        pytest.param(
            [PROVENANCE], ["github-actions/gh"], "names the GitHub workflow contoso/shop/api.yml at github.com.",
            f'in [builder.gh] of the settings says it: {LINE}"{JOB}".', id="a table of its kind",
        ),
        pytest.param(
            [PROVENANCE], [], "names the GitHub workflow",
            f'in [builder.NAME] with kind = "github-actions" of the settings says it: {LINE}"{JOB}".',
            id="no table",
        ),
        pytest.param(
            [PIPELINE_LABEL], ["azure-pipelines/ado"], "names the Azure pipeline shop/Build api at dev.azure.com/contoso.",
            f'images."{ACR}/shop/api" = "shop/ID".', id="a pipeline by its name",
        ),
        pytest.param(
            [builder_claims(v1(builder="https://tekton.dev/chains/v2"))[0]], [], "names Tekton Chains.",
            'in [builder.NAME]: images.', id="none of ours",
        ),
        pytest.param(
            [PIPELINE_LABEL, JENKINS_LABEL], [],
            "What it says of its builder contradicts itself: Its label com.azure.dev.image.build.definitionname, which nobody "
            "signed, names the Azure pipeline shop/Build api at dev.azure.com/contoso; Its label ci, which nobody signed, names "
            "the Jenkins job shop/api at jenkins.corp.", "in [builder.NAME]: images.", id="a contradiction",
        ),
    ],
)  # fmt: skip
def test_where_no_job_is_known_it_names_what_the_image_says(
    claims: list[BuildClaim], tables: list[str], reason: str, remedy: str
) -> None:
    sources = tuple(SourceHealth(SourceId(SourceKind.BUILDER, name), SourceState.OK) for name in tables)
    subject = image(*claims)
    chosen = choose_job(kit.world([subject], sources=sources), subject.key)
    assert isinstance(chosen, NoJob)
    assert reason in chosen.reason
    assert remedy in chosen.remedy


def test_claims_that_contradict_each_other_name_no_job() -> None:
    subject = image(PIPELINE_LABEL, JENKINS_LABEL)
    assert attributions(subject, JOBS, ()) == ()
    assert isinstance(choose_job(kit.world([subject], jobs=JOBS), subject.key), NoJob)


def test_a_signed_provenance_counts_alone() -> None:
    signed = image(PROVENANCE, JENKINS_LABEL, verdict=Verdict.VALID)
    assert basis_of(attributions(signed, JOBS, ())) == [("contoso/shop/api.yml", "provenance")]
    assert attributions(image(PROVENANCE, JENKINS_LABEL), JOBS, ()) == ()


def test_where_the_source_lies_contradicts_no_builder_but_another_source_does() -> None:
    assert contradiction([PIPELINE_LABEL, SOURCE_LABEL]) is None
    assert contradiction([PROVENANCE, SOURCE_LABEL]) is None
    assert contradiction([PROVENANCE, msgspec.structs.replace(SOURCE_LABEL, repository="github.com/mallory/shop")]) is not None


def test_what_a_base_says_too_is_the_bases_word_and_a_late_base_takes_it_back() -> None:
    estate = World()
    own = {"org.opencontainers.image.source": f"{SHOP}-web"}
    base, labels = {"org.opencontainers.image.source": SHOP}, {**azure_labels(), "org.opencontainers.image.source": SHOP}
    estate.manifest(f"{ACR}/base", "ab", "1", labels=base)
    child = estate.manifest(f"{ACR}/api", "abc", "1", labels=labels)
    other = estate.manifest(f"{ACR}/web", "abd", "1", labels=own)
    for order in (estate.events, estate.events[::-1]):
        inventory, assembler = Inventory(), Assembler()
        for event in order:
            inventory.apply(event)
            snapshot = assembler.assemble(inventory.freeze(), trusting((ACR,)), NOW)
        said = {image.digests[0]: [claim.name for claim in image.built_by] for image in snapshot.images.values()}
        assert said[child] == ["com.azure.dev.image.build.definitionname"]
        assert said[other] == ["org.opencontainers.image.source"]


def test_provenance_comes_late_and_joins_the_job() -> None:
    estate, inventory, assembler = World(), Inventory(), Assembler()
    index = estate.index(f"{ACR}/api", "abc", "1", attested=True)
    for event in (*estate.events, JobsSeen(builder_source(GITHUB, "gh"), 1, (JOBS[0],))):
        inventory.apply(event)
    before = assembler.assemble(inventory.freeze(), trusting((ACR,)), NOW)
    inventory.apply(ClaimsRead(SOURCE, index, (), (PROVENANCE,)))
    after = assembler.assemble(inventory.freeze(), trusting((ACR,)), NOW)
    assert not before.builders
    assert [(key.digest, basis_of(found)) for key, found in after.builders.items()] == [(index, [(JOB, "provenance")])]


def test_the_order_of_statements_does_not_matter_and_they_are_bounded() -> None:
    claims = [msgspec.structs.replace(PROVENANCE, run=str(number)) for number in range(40)]
    events = [ClaimsRead(SOURCE, "sha256:" + "1" * 64, (), (claim,)) for claim in claims]
    tables = []
    for order in (events, events[::-1]):
        inventory = Inventory()
        for event in order:
            inventory.apply(event)
        tables.append(inventory.freeze().images.builders)
    assert tables[0] == tables[1]
    assert len(tables[0]["sha256:" + "1" * 64]) == 8
