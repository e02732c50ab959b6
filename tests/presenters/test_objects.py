"""Objects are shown without bookkeeping and without a credential, whatever came."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.estates import NOW, AskNoCluster, company
from tui.domain.facts.inquiries import ClusterInquiries, PodLog
from tui.domain.facts.workload import ContainerType, ObjectKey
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import ContainerPart, PodPart, RowSubject
from tui.presenters.objects import NotReadable, shown_object
from tui.presenters.tabs.object_yaml import object_of
from tui.presenters.tabs.raw import RAW
from tui.presenters.tabs.spec import SectionContext
from widgets.text import width_of

KEY = ObjectKey("prod-weu", "payments", "Deployment", "api")


def shown(value: Any) -> dict[str, Any]:
    return shown_object(json.dumps(value).encode())


def test_bookkeeping_is_left_out() -> None:
    metadata = {"name": "api", "managedFields": [{}], "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}
    assert shown({"kind": "Pod", "metadata": metadata}) == {"kind": "Pod", "metadata": {"name": "api"}}


def test_no_value_of_a_secret_is_shown() -> None:
    assert shown({"kind": "Secret", "data": {"user": "YQ=="}, "stringData": {"note": "x"}}) == {
        "kind": "Secret",
        "data": {"user": "[hidden]"},
        "stringData": {"note": "[hidden]"},
    }


@pytest.mark.parametrize("odd", [5, "x", True, [{}], [["a"]], None, {}])
def test_what_has_another_type_than_it_should_is_shown_all_the_same(odd: object) -> None:
    assert shown({"metadata": {"annotations": odd}}) == {"metadata": {"annotations": odd}}
    assert shown({"metadata": odd, "kind": odd}) == {"metadata": odd, "kind": odd}
    assert shown({"kind": "Secret", "data": odd}) == {"kind": "Secret", "data": odd if odd == {} else "[hidden]"}


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ([{"name": "DB_PASSWORD", "value": "hunter2"}], [{"name": "DB_PASSWORD", "value": "[hidden]"}]),
        ([{"name": "LEVEL", "value": "debug"}], [{"name": "LEVEL", "value": "debug"}]),
        (["--password", "hunter2", "--port", "80"], ["--password", "[hidden]", "--port", "80"]),
        (["--token=abc123def"], ["--token=[hidden]"]),
        (["--requirepass", "abc", "-x"], ["--requirepass", "[hidden]", "-x"]),
        (["curl", "-u", "ada:abc"], ["curl", "-u", "ada:[hidden]"]),
        (["run", "-p", "8080"], ["run", "-p", "8080"]),
        ([{"name": "SIGNING_KEY", "value": "abc"}], [{"name": "SIGNING_KEY", "value": "[hidden]"}]),
        ([{"key": "DB_CREDENTIALS", "value": "abc"}], [{"key": "DB_CREDENTIALS", "value": "[hidden]"}]),
        ([{"name": "PASSWORD_FILE", "value": "/run/pw"}], [{"name": "PASSWORD_FILE", "value": "/run/pw"}]),
        ([{"key": "dedicated", "value": "batch"}], [{"key": "dedicated", "value": "batch"}]),
        ({"topologyKey": "kubernetes.io/hostname"}, {"topologyKey": "kubernetes.io/hostname"}),
        ({"note": '{"env": [{"name": "A_KEY", "value": "abc"}]}'}, {"note": '{"env":[{"name":"A_KEY","value":"[hidden]"}]}'}),
        ({"note": '{"env":  [1]}'}, {"note": '{"env":  [1]}'}),
        (
            {"note": '{"a": "[{\\"name\\": \\"A_KEY\\", \\"value\\": \\"abc\\"}]"}'},
            {"note": '{"a":"[{\\"name\\":\\"A_KEY\\",\\"value\\":\\"[hidden]\\"}]"}'},
        ),
        ({"note": "db:\n  password: tulip\n  user: ada\n"}, {"note": "db:\n  password: [hidden]\n  user: ada\n"}),
        ({"note": "- name: A_KEY\n  value: tulip\n"}, {"note": "- name: A_KEY\n  value: [hidden]\n"}),
        ({"dsn": "ada:tulip@tcp(db:3306)/shop"}, {"dsn": "ada:[hidden]@tcp(db:3306)/shop"}),
        ({"annotations": {"x/applied": "QUJD" * 40}}, {"annotations": {"x/applied": "[hidden]"}}),
        ({"apiKey": "abc"}, {"apiKey": "[hidden]"}),
        ({"passwords": ["a", ["b", 7]]}, {"passwords": ["[hidden]", ["[hidden]", "[hidden]"]]}),
        ({"tokens": {"a": "x", "enabled": True}}, {"tokens": {"a": "[hidden]", "enabled": True}}),
        ({"password": {"value": "a"}, "pin": 5}, {"password": {"value": "[hidden]"}, "pin": 5}),
        ({"password": 12345, "port": 80}, {"password": "[hidden]", "port": 80}),
        ({"signingKeys": [{"kid": "1", "value": "x"}]}, {"signingKeys": [{"kid": "[hidden]", "value": "[hidden]"}]}),
        (
            {"password": {"secretKeyRef": {"name": "db", "key": "pw", "optional": True}}},
            {"password": {"secretKeyRef": {"name": "db", "key": "pw", "optional": True}}},
        ),
        ({"matchLabelKeys": ["app"], "topologyKeys": ["zone"]}, {"matchLabelKeys": ["app"], "topologyKeys": ["zone"]}),
        ({"secret": {"secretName": "tls", "items": [{"key": "a", "path": "b"}]}},) * 2,
        ({"serviceAccountToken": {"path": "token", "expirationSeconds": 3600, "audience": "x"}},) * 2,
        ({"privateKey": {"algorithm": "RSA", "size": 2048, "encoding": "PKCS1", "rotationPolicy": "Always"}},) * 2,
        (["-p", "hunter2"], ["-p", "[hidden]"]),
        (["serve", "-u", "ada", "-p", "hunter2"], ["serve", "-u", "ada", "-p", "[hidden]"]),
        (["-p=hunter2", "-p=8080"], ["-p=[hidden]", "-p=8080"]),
        (["mysql", "-phunter2"], ["mysql", "-p[hidden]"]),
        (["mkdir", "-p", "data"], ["mkdir", "-p", "data"]),
        (["-p", "/var/lib"], ["-p", "/var/lib"]),
        (["-p", "8080:80"], ["-p", "8080:80"]),
        (["sh", "-c", "redis-cli -a tulip ping; mkdir -p x"], ["sh", "-c", "redis-cli -a [hidden] ping; mkdir -p x"]),
        (["sh", "-c", "curl -u ada:tulip x && run -u 1000:1000"], ["sh", "-c", "curl -u ada:[hidden] x && run -u 1000:1000"]),
        (["sh", "-c", "mongosh -u ada -p tulip\nps -p 17"], ["sh", "-c", "mongosh -u ada -p [hidden]\nps -p 17"]),
        ([{"name": "P\u0410SSWORD", "value": "x"}], [{"name": "P\u0410SSWORD", "value": "[hidden]"}]),
        ({"t\u043eken": ["x"]}, {"t\u043eken": ["[hidden]"]}),
        ({"secretKeyRef": {"name": "db", "key": "password"}}, {"secretKeyRef": {"name": "db", "key": "password"}}),
        ({"url": "https://me:pw@example.org/x"}, {"url": "https://[hidden]@example.org/x"}),
        ({"image": "contoso.azurecr.io/a@sha256:" + "a" * 64}, {"image": "contoso.azurecr.io/a@sha256:" + "a" * 64}),
        (
            {"secretName": "tls", "imagePullSecrets": [{"name": "acr"}]},
            {"secretName": "tls", "imagePullSecrets": [{"name": "acr"}]},
        ),
    ],
)
def test_what_looks_like_a_credential_is_hidden_and_nothing_else(value: Any, hidden: Any) -> None:
    assert shown({"spec": value}) == {"spec": hidden}


def test_what_was_applied_last_is_left_out_of_templates_too() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"}
    template = {"template": {"metadata": {"annotations": annotations}}}
    assert shown({"spec": template}) == {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}


@given(st.binary(max_size=200))
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with contextlib.suppress(NotReadable):
        assert isinstance(shown_object(body), dict)


def test_a_row_of_a_workload_or_a_pod_is_about_that_object() -> None:
    assert object_of(RowSubject(workload=KEY)) == KEY
    assert object_of(RowSubject(workload=KEY, pod=PodPart("api-1", "api"))) == ObjectKey("prod-weu", "payments", "Pod", "api-1")
    assert object_of(RowSubject(workload=KEY, container=ContainerPart(ContainerType.CONTAINER, "api"))) is None
    assert object_of(RowSubject()) is None


class OneObject(AskNoCluster):
    """A cluster with one object."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked: list[ObjectKey] = []

    def cluster(self, name: str) -> ClusterInquiries:
        """Itself."""
        return self

    async def object(self, key: ObjectKey) -> bytes:
        """The object."""
        self.asked.append(key)
        return self.body

    def log(self, log: PodLog) -> Any:
        """Nobody asks for one here."""
        raise AssertionError


@pytest.mark.parametrize("width", [40, 80, 200])
async def test_it_is_drawn_within_its_width_with_nothing_that_moves_the_cursor(width: int) -> None:
    body = {"kind": "Deployment", "spec": {"note": "\x1b[2Jx\u202ey" * 40, "n\x9bame": "v", "script": "a\nb\x1b[1m\n"}}
    assert RAW.inquiry is not None
    inquiry = RAW.inquiry(RowSubject(workload=KEY), company())
    assert inquiry is not None
    asked = OneObject(json.dumps(body).encode())
    lines = (await inquiry.ask(asked))(SectionContext(company(), NOW, UNICODE, width))  # type: ignore[arg-type]
    texts = ["".join(span.text for span in line.left) for line in lines]
    assert asked.asked == [KEY]
    assert all(width_of(text) <= width for text in texts)
    assert all(character.isprintable() for text in texts for character in text)
    assert "\u202e" not in "".join(texts)
    assert any("kind: Deployment" in text for text in texts)
