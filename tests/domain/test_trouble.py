"""Why a container cannot get its image: the kubelet's own words with the registry's answer to us beside them.

The messages are those of containerd 2 (`pull and unpack image`, `failed to resolve reference`) as real kubelets put them into
`state.waiting.message`, with other names; kubernetes pkg/kubelet/images/types.go names the reasons.
"""

from __future__ import annotations

import pytest

from tests.domain.world import A, World, check, container, digest, waiting
from tui.domain.answers.pulls import Pull
from tui.domain.common.trust import CheckName, State
from tui.domain.facts.events import AbsenceKind
from tui.domain.facts.pulls import Cause, PullExam
from tui.domain.facts.reference import parse_reference
from tui.domain.registries.presence import Presence, PresenceState
from tui.domain.workloads.pull_failures import REMEDIES, cause_of, is_pulling, sentence
from tui.presenters.answers.pulls import pull_sentences

TAG, PIN = f"{A}/team/app:1", f"{A}/team/app@{digest('pin')}"
LEAD = f'Failed to pull image "{TAG}": rpc error: code = NotFound desc = failed to pull and unpack image "{TAG}": '
NOT_FOUND = f'{LEAD}failed to resolve reference "{TAG}": {TAG}: not found'
# containerd issues 7400 and 3604: neither is the registry's word.
NO_IMAGE_BUT_A_PAGE = (
    f"{LEAD}failed to unpack image on snapshotter overlayfs: unexpected media type text/html for sha256:ab: not found"
)
LOST_BY_THE_NODE = f"{LEAD}failed to unpack image on snapshotter overlayfs: content digest sha256:ab: not found"
AMBIGUOUS = (
    f'{LEAD}failed to resolve reference "{TAG}": pull access denied, repository does not exist or may require authorization: '
    "server message: insufficient_scope: authorization failed"
)
UNAUTHORIZED = f"{LEAD}failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
CUT = f"{LEAD}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://{A}/oauth2…"
UNREACHED = f'{LEAD}failed to authorize: failed to fetch oauth token: Post "https://{A}/oauth2/token": dial tcp: i/o timeout'
FORBIDDEN = f"{LEAD}unexpected status from HEAD request to https://{A}/v2/team/app/manifests/1: 403 Forbidden"
DNS = f'{LEAD}failed to do request: Head "https://{A}/v2/team/app/manifests/1": dial tcp: lookup {A}: no such host'
TIMEOUT = f'{LEAD}failed to do request: Head "https://{A}/v2/": dial tcp 10.0.0.4:443: i/o timeout'
TLS = f"{LEAD}failed to do request: tls: failed to verify certificate: x509: certificate signed by unknown authority"
LIMIT = (
    f"{LEAD}unexpected status from HEAD request: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit"
)
PLATFORM = f"{LEAD}no match for platform in manifest: not found"

UNREAD = Presence(PresenceState.UNREAD, reason="not read")
THERE = Presence(PresenceState.THERE, digest("new"))
NO_TAG = Presence(PresenceState.GONE, kind=AbsenceKind.MANIFEST_UNKNOWN)
NO_REPOSITORY = Presence(PresenceState.GONE, kind=AbsenceKind.REPOSITORY_UNKNOWN)
DENIED = Presence(PresenceState.UNREAD, kind=AbsenceKind.DENIED)


@pytest.mark.parametrize(
    ("message", "image", "word", "cause"),
    [
        pytest.param(AMBIGUOUS, TAG, NO_REPOSITORY, Cause.REPOSITORY, id="no repository, by the registry's word"),
        pytest.param(AMBIGUOUS, TAG, NO_TAG, Cause.TAG, id="no tag, by the registry's word"),
        pytest.param(AMBIGUOUS, TAG, THERE, Cause.RIGHT, id="it is there, so it is a right"),
        pytest.param(AMBIGUOUS, TAG, DENIED, Cause.RIGHT, id="nobody may read it"),
        pytest.param(AMBIGUOUS, TAG, UNREAD, Cause.RIGHT, id="nobody else can tell"),
        pytest.param(NOT_FOUND, TAG, NO_TAG, Cause.TAG, id="no tag"),
        pytest.param(NOT_FOUND, TAG, UNREAD, Cause.TAG, id="no tag, by the node's word alone"),
        pytest.param(NOT_FOUND, TAG, THERE, Cause.TAG, id="no tag then, but now"),
        pytest.param(NOT_FOUND, PIN, NO_TAG, Cause.DIGEST, id="no digest"),
        pytest.param(NOT_FOUND, PIN, UNREAD, Cause.DIGEST, id="no digest, by the node's word alone"),
        pytest.param(UNAUTHORIZED, TAG, THERE, Cause.RIGHT, id="401"),
        pytest.param(FORBIDDEN, TAG, THERE, Cause.RIGHT, id="403"),
        pytest.param(DNS, TAG, THERE, Cause.NETWORK, id="name not resolved"),
        pytest.param(TIMEOUT, TAG, THERE, Cause.NETWORK, id="time-out"),
        pytest.param(TLS, TAG, UNREAD, Cause.NETWORK, id="certificate"),
        pytest.param(LIMIT, TAG, THERE, Cause.LIMIT, id="pull limit"),
        pytest.param(PLATFORM, TAG, THERE, Cause.PLATFORM, id="platform"),
        pytest.param(NO_IMAGE_BUT_A_PAGE, TAG, THERE, Cause.UNKNOWN, id="a page instead of an image"),
        pytest.param(LOST_BY_THE_NODE, TAG, THERE, Cause.UNKNOWN, id="what the node kept is lost"),
        pytest.param("", TAG, NO_TAG, Cause.TAG, id="back-off without a message"),
        pytest.param("", TAG, DENIED, Cause.RIGHT, id="back-off, and refused to us"),
        pytest.param("", TAG, UNREAD, Cause.UNKNOWN, id="nothing is known"),
        pytest.param(f'Back-off pulling image "{TAG}"', TAG, UNREAD, Cause.UNKNOWN, id="back-off says nothing"),
    ],
)
def test_the_cause_is_told_apart(message: str, image: str, word: Presence, cause: Cause) -> None:
    assert cause_of(waiting(image, message=message), parse_reference(image), word) is cause
    text = sentence(waiting(image, message=message), word)
    assert text.startswith("cannot pull: ")
    assert text.isprintable()
    assert ("AcrPull" in text) <= ("azurecr.io" in text)


@pytest.mark.parametrize("message", [AMBIGUOUS, UNAUTHORIZED, CUT, DNS, TLS, LIMIT, PLATFORM, NOT_FOUND, "", "x" * 900])
@pytest.mark.parametrize("word", [THERE, NO_TAG, NO_REPOSITORY, DENIED, UNREAD])
@pytest.mark.parametrize("reason", ["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])
def test_every_failure_to_pull_ends_with_a_step(message: str, word: Presence, reason: str) -> None:
    cause, _, step = sentence(waiting(TAG, reason, message=message), word).partition(". ")
    assert step.endswith(".")
    assert not cause.startswith("cannot pull: …")


@pytest.mark.parametrize("name", ["geofence:1", "denied:eof", "forbidden/x509:429", f"unauthorized@{digest('429')}"])
def test_the_name_of_an_image_is_no_cause(name: str) -> None:
    image = f"{A}/{name}"
    said = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    cause = Cause.DIGEST if "@" in name else Cause.TAG
    assert cause_of(waiting(image, message=said), parse_reference(image), UNREAD) is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("InvalidImageName", Cause.NAME), ("ErrImageNeverPull", Cause.NEVER)],
)
def test_some_reasons_say_all(reason: str, cause: Cause) -> None:
    assert cause_of(waiting(TAG, reason), parse_reference(TAG), UNREAD) is cause


@pytest.mark.parametrize(
    ("image", "message", "word", "words"),
    [
        (TAG, AMBIGUOUS, NO_REPOSITORY, ["cannot pull: no repository team/app in a.azurecr.io"]),
        (TAG, NOT_FOUND, NO_TAG, ["cannot pull: no tag 1 in", "Push the tag"]),
        (TAG, NOT_FOUND, THERE, ["cannot pull: no tag 1 when", " now. Wait"]),
        (PIN, NOT_FOUND, NO_TAG, ["cannot pull: no digest sha256:", "deleted, or never pushed"]),
        (TAG, AMBIGUOUS, THERE, ["cannot pull: no right of the cluster", "where the image is", "AcrPull", "imagePullSecrets"]),
        (TAG, AMBIGUOUS, DENIED, ["cannot be read from here either"]),
        (
            "b.example.com/team/app:1",
            AMBIGUOUS,
            THERE,
            ["no right", "where the image is", "Set imagePullSecrets"],
        ),
        (TAG, CUT, UNREAD, ["to pull a.azurecr.io/team/app, or no such repository", "AcrPull", "imagePullSecrets"]),
        (TAG, CUT, DENIED, ["no right of the cluster to pull a.azurecr.io/team/app", "AcrPull"]),
        (TAG, UNREACHED, THERE, ["cannot pull: no connection from the node to a.azurecr.io", "DNS, proxy"]),
        (
            TAG,
            f"{LEAD}something odd",
            UNREAD,
            ["a.azurecr.io/team/app: something odd. See", "kubectl describe pod"],
        ),
        (TAG, DNS, THERE, ["no connection from the node to a.azurecr.io", "no such host"]),
        (f"{A}/Team/app:1", "", UNREAD, ["upper-case", "small letters"]),
        (TAG, "desc = \x1b[31mred\u202e", UNREAD, ["cannot pull: "]),
    ],
)
def test_the_sentence_says_what_would_help(image: str, message: str, word: Presence, words: list[str]) -> None:
    text = sentence(waiting(image, message=message), word)
    assert [each for each in words if each not in text] == [], text
    assert text.isprintable()


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.RIGHT])
def test_what_helps_is_said_in_the_same_words_above_the_rows_and_beside_them(cause: Cause) -> None:
    pull = Pull(TAG, PullExam(cause, ()), "", (), 1)
    *_, fix = pull_sentences(pull)
    assert fix.words.lower() == REMEDIES[cause].lower()


def test_only_waiting_for_an_image_is_pulling() -> None:
    assert is_pulling(waiting(TAG, "ErrImagePull"))
    assert not is_pulling(waiting(TAG, "CrashLoopBackOff"))
    assert not is_pulling(waiting(TAG, "ContainerCreating"))


def test_a_workload_that_cannot_pull_is_unknown_and_says_why() -> None:
    world = World()
    world.node("n1")
    world.fail(f"{A}/team/app", "1", AbsenceKind.REPOSITORY_UNKNOWN)
    world.pod("x/web-0", waiting(TAG, message=AMBIGUOUS), owner=world.deployment("x/web", TAG))
    found = container(world.snapshot(), "web")
    identity = check(found, CheckName.IDENTITY)
    assert "no repository team/app" in found.trouble
    assert (identity.state, identity.brief) == (State.UNKNOWN, "cannot pull")
    assert "no repository team/app" in identity.reason
