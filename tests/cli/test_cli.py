"""The command line: what is printed where, and how it ends."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.cli.fakes import opener_of
from tests.domain import estates as e
from tests.domain.test_checks_signature import NAME, Signed
from tests.estates import Builder
from tests.estates import check as estate_check
from tui.cli.arguments import SCENARIOS
from tui.cli.main import main
from tui.cli.progress import ProgressLine
from tui.domain.common.trust import Check, CheckName, State
from tui.domain.facts.diagnosis import Diagnosis, Tried
from tui.domain.facts.events import Denial, SourceHealth, SourceId, SourceKind, SourceState
from tui.domain.facts.events import Progress as Counted
from tui.domain.snapshot.snapshot import EMPTY, Snapshot
from tui.errors import AuthenticationFailed
from tui.settings.settings import Settings
from tui.wiring.examination import Examined, TriedReport

WHOLE = e.estate()
FINE = e.estate(
    [image for image in e.IMAGES if image.verdict is State.PASS],
    [w for w in e.WORKLOADS if w.verdict is State.PASS],
    e.SOURCES[:1],
)


def cluster(state: SourceState, *, auth_failed: bool = False, objects: int = 0, denials: tuple[Denial, ...] = ()) -> SourceHealth:
    """The health of a cluster."""
    error = "" if state is SourceState.OK else "the server said no"
    return SourceHealth(
        SourceId(SourceKind.CLUSTER, "c"), state, objects=objects, error=error, auth_failed=auth_failed, denials=denials
    )


NOT_SIGNED_IN = e.estate((), (), (cluster(SourceState.FAILED, auth_failed=True),), complete=False)
NOBODY_AT_THE_REGISTRY = e.estate(
    (),
    (),
    (
        SourceHealth(SourceId(SourceKind.REGISTRY, "r"), SourceState.FAILED, error="it wants a sign-in", auth_failed=True),
        SourceHealth(SourceId(SourceKind.SCANNER, "attached"), SourceState.OK),
        SourceHealth(SourceId(SourceKind.SIGNATURES), SourceState.OK),
    ),
    complete=False,
)
NO_RIGHT = e.estate(
    (), (), (cluster(SourceState.PARTIAL, denials=(Denial("pods", "list pods"),)), *e.SOURCES[1:]), complete=False
)
UNREACHABLE = e.estate((), (), (cluster(SourceState.FAILED, denials=(Denial("pods", reason="no answer"),)),), complete=False)
LOADING = e.estate(FINE.images.values(), FINE.workloads.values(), e.SOURCES[:1], complete=False)
WARNED = e.estate([i for i in e.IMAGES if i.verdict in (State.PASS, State.WARN)], [e.WORKLOADS[3]], e.SOURCES[:1])
ACCEPTED = e.estate(
    [
        msgspec.structs.replace(
            e.IMAGES[1],
            verdict=State.WARN,
            checks=(*e.IMAGES[1].checks, Check(CheckName.AGE, State.WARN, "Accepted.", accepted="EX-1")),
        )
    ],
    (),
    e.SOURCES[:1],
)
UNSURE = e.estate([i for i in e.IMAGES if i.verdict in (State.PASS, State.UNKNOWN)], (), e.SOURCES[:1])


@pytest.mark.parametrize(
    ("argv", "snapshot", "code"),
    [
        ("report", WHOLE, 0),
        ("report", EMPTY, 3),
        ("report", e.estate(complete=False), 3),
        ("report is:unsigned", WHOLE, 3),
        ("report", NOT_SIGNED_IN, 4),
        ("report", NOBODY_AT_THE_REGISTRY, 4),
        ("check --allow-unknown", NOBODY_AT_THE_REGISTRY, 4),
        ("report", NO_RIGHT, 4),
        ("report", UNREACHABLE, 3),
        ("report -o pdf", WHOLE, 1),
        ("report nss:prod", WHOLE, 1),
        ("report --frob", WHOLE, 1),
        ("report --demo brokn", WHOLE, 1),
        ("report --demo payments", WHOLE, 1),
        ("report payments --demo", WHOLE, 0),
        ("report --demo ns:payments", WHOLE, 0),
        ("report --demo -- payments", WHOLE, 0),
        ("report --no-cluster", WHOLE, 1),
        ("--no-cluster", WHOLE, 1),
        ("check --no-cluster", EMPTY, 3),
        ("report --no-cluster --registry r.io", WHOLE, 0),
        ("report --no-cluster --demo", WHOLE, 0),
        ("report --no-cluster --registry r.io --context x", WHOLE, 1),
        ("check --no-cluster --registry r.io --all-contexts", WHOLE, 1),
        ("report --no-cluster --registry r.io -n x", WHOLE, 1),
        ("report --no-cluster --registry r.io -A", WHOLE, 1),
        ("report --request-timeout soon", WHOLE, 1),
        ("info query", WHOLE, 1),
        ("check", WHOLE, 2),
        ("check", FINE, 0),
        ("check ns:kube-system", WHOLE, 0),
        ("check ns:kube-system --fail-on warn", WHOLE, 2),
        ("check", WARNED, 0),
        ("check --fail-on warn", WARNED, 2),
        ("check --fail-on warn", ACCEPTED, 0),
        ("check --fail-on warn --allow-unknown", UNSURE, 0),
        ("check", NO_RIGHT, 4),
        ("check", UNREACHABLE, 3),
        ("check", EMPTY, 3),
        ("check -o sarif", WHOLE, 2),
        ("check -o junit", FINE, 0),
        ("check", UNSURE, 3),
        ("check --allow-unknown", UNSURE, 0),
        ("check ns:nowhere", WHOLE, 3),
        ("check", LOADING, 3),
        ("check --allow-unknown", LOADING, 0),
        ("check", NOT_SIGNED_IN, 4),
        ("check --allow-unknown", NOT_SIGNED_IN, 4),
        ("", WHOLE, 0),
        ("ns:payments", WHOLE, 0),
    ],
)
def test_exit_codes(argv: str, snapshot: Snapshot, code: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(argv.split(), opener=opener_of(snapshot)) == code
    assert "Traceback" not in capfd.readouterr().err


def test_data_goes_to_stdout_and_messages_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "-o", "json"], opener=opener_of(WHOLE)) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["complete"] is True
    assert captured.err == f"registry/{e.ACR}: payments/ledger is refused.\n"


@pytest.mark.parametrize("argv", ["check ns:nowhere", "check --no-cluster", "check --allow-unknown zzzz"])
def test_a_check_of_nothing_says_that_there_was_nothing_to_check(argv: str, capfd: pytest.CaptureFixture[str]) -> None:
    main(argv.split(), opener=opener_of(EMPTY if "--no-cluster" in argv else WHOLE))
    assert capfd.readouterr().err.splitlines()[-1] == "Nothing was found that could be checked."


@pytest.mark.parametrize("word", ["nosuch", "payments", "contosso", "reprot", "my-app", "a/b"])
def test_a_word_that_is_no_scenario_is_refused_with_those_that_are(word: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--demo", word], opener=opener_of(WHOLE)) == 1
    said = capfd.readouterr().err
    assert f"There is no scenario “{word}”." in said
    assert ", ".join(SCENARIOS) in said


@pytest.mark.parametrize("argv", [["report"], ["report", "repo:*"], ["check"]])
def test_a_report_looks_for_the_signatures_of_what_nothing_runs_as_a_check_does(argv: list[str]) -> None:
    world = Signed()
    subject = world.manifest(str(NAME), "x", "1")
    world.health(SourceId(SourceKind.REGISTRY, "a.azurecr.io"), identity="me")
    opener = opener_of(world.snapshot())
    main(argv, opener=opener)
    assert [demand.reference for demand in opener.estate.wanted] == [subject]


@pytest.mark.parametrize("argv", [["report"], ["check"]])
def test_how_many_images_were_not_looked_at_is_said_in_images(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui.cli.reading.MAX_ASKED", 2)
    monkeypatch.setattr("tui.domain.assemble.wanted_signatures.MAX_ASKED", 2)
    world = Signed()
    for number in range(5):
        world.manifest(str(NAME), f"x{number}", f"{number}")
    world.health(SourceId(SourceKind.REGISTRY, "a.azurecr.io"), identity="me")
    opener = opener_of(world.snapshot())
    main([*argv, "-o", "json"], opener=opener)
    assert len(opener.estate.wanted) == 2
    printed = capfd.readouterr()
    assert "The signatures of 3 images that nothing runs were not looked for" in printed.err
    assert json.loads(printed.out)["complete"] is False


def test_what_was_not_loaded_in_time_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    opener = opener_of(e.estate(complete=False), whole=False)
    assert main(["report", "--wait", "1m30s"], opener=opener) == 3
    assert opener.estate.waited == [90.0]
    assert "Not everything was loaded within 90 s" in capfd.readouterr().err
    assert opener.estate.listeners == []


def test_a_query_that_does_not_parse_is_shown_with_a_caret(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "api", "verdict:bad"], opener=opener_of(WHOLE)) == 1
    assert capfd.readouterr().err.splitlines() == [
        "trustree: “bad” is not a value of `verdict`.",
        "  api verdict:bad",
        "              ^",
        "  It is one of pass, warn, fail, unknown.",
    ]


@pytest.mark.parametrize(
    ("argv", "demo", "command_output"),
    [
        ("--demo report -o name", "contoso", True),
        ("report --demo -o name", "contoso", True),
        ("report -o name --demo", "contoso", True),
        ("--demo broken report -o name", "broken", True),
        ("report --demo huge -o name", "huge", True),
        ("report --demo=empty -o name", "empty", True),
        ("--demo", "contoso", False),
    ],
)
def test_demo_goes_anywhere(argv: str, demo: str, command_output: bool, capfd: pytest.CaptureFixture[str]) -> None:
    opener = opener_of(WHOLE)
    assert main(argv.split(), opener=opener) == 0
    assert opener.settings[0].demo == demo
    assert capfd.readouterr().out.startswith(e.ACR) == command_output


def test_every_scenario_is_known(capfd: pytest.CaptureFixture[str]) -> None:
    assert SCENARIOS == ("contoso", "empty", "denied", "broken", "huge")
    assert main(["--demo=mars"], opener=opener_of(WHOLE)) == 1
    assert "contoso" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        (["report", "-o", "name", "-ns:payments", "proxy"], {"mesh/proxy"}),
        (["report", "-o", "name", "-is:running", "--view", "images"], {"base/python", "tools/spare"}),
        (["report", "-o", "name", "-is:running", "--", "-spare"], {"base/python"}),
    ],
)
def test_terms_with_a_minus_are_terms_and_not_flags(
    argv: Sequence[str], names: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(argv, opener=opener_of(WHOLE)) == 0
    lines = [line for line in capfd.readouterr().out.splitlines() if "@" in line]
    assert {line.partition("@")[0].removeprefix(e.ACR + "/") for line in lines} == names


def settings_of(*argv: str) -> Settings:
    """The settings that a command line means."""
    opener = opener_of(FINE)
    assert main(["report", *argv], opener=opener) == 0
    return opener.settings[0]


def test_shared_flags_become_settings() -> None:
    found = settings_of(
        "--context", "a,b", "--context=c", "-n", "x", "-n", "y", "--registry", "r.io", "--no-azure", "--kubeconfig", "k",
        "--policy", "p",
        "--write", "--request-timeout", "10s", "--log-level", "debug",
    )  # fmt: skip
    assert (found.contexts, found.namespaces, found.registries) == (("a", "b", "c"), ("x", "y"), ("r.io",))
    assert (found.azure, found.kubeconfig, found.policy, found.write) == (False, "k", "p", True)
    assert (found.request_timeout, found.log_level) == (10.0, "debug")


def test_report_files_are_named_one_by_one_and_keep_their_commas() -> None:
    assert settings_of("--scan-report", "a,b.json", "--scan-report=c.json", "is:running").scan_reports == ("a,b.json", "c.json")


def test_read_only_is_the_default_and_wins() -> None:
    assert settings_of().write is False
    assert settings_of("--write", "--readonly").write is False


def test_interrupted_ends_with_130_and_silence(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report"], opener=opener_of(WHOLE, error=KeyboardInterrupt())) == 130
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("grouped", [False, True])
def test_an_error_of_a_source_is_a_sentence_and_the_next_step(grouped: bool, capfd: pytest.CaptureFixture[str]) -> None:
    error: BaseException = AuthenticationFailed("Nobody is signed in.", "Run az login.")
    opener = opener_of(WHOLE, error=BaseExceptionGroup("tasks", [error]) if grouped else error)
    assert main(["report"], opener=opener) == 1
    assert capfd.readouterr().err == "trustree: Nobody is signed in.\n  Run az login.\n"


def test_a_fault_in_the_settings_is_shown_with_its_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.toml"
    file.write_text("\nazur = false\n")
    assert main(["report", "--config", str(file)], opener=opener_of(WHOLE)) == 1
    assert f"{file}:2:1: “azur” is not a setting" in capfd.readouterr().err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = (
        "import sys; from tests.cli.fakes import opener_of; from tests.domain import estates as e; from tui.cli.main import main\n"  # noqa: E501
        "images = [e.IMAGES[1].__class__(e.image_key(f'r/{n}', '1'), ()) for n in range(20000)]\n"
        "sys.exit(main(['report', '-o', 'name'], opener=opener_of(e.estate(images))))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 0
    assert "Broken" not in errors
    assert "Traceback" not in errors


SDKS = {"textual", "rich", "kubernetes", "azure", "aiohttp"}


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        (
            "tui.cli.main",
            {
                "textual",
                "rich",
                "kubernetes",
                "azure",
                "aiohttp",
                "asyncio",
                "tui.domain.query.query",
                "tui.reports",
                "tui.wiring.parts",
            },
        ),
        ("tui.cli.report", {"textual", "rich", "kubernetes", "azure", "aiohttp"}),
    ],
)
def test_importing_the_command_line_is_cheap(module: str, absent: set[str]) -> None:
    program = f"import sys, {module}; print('\\n'.join(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split())
    assert not loaded & absent


def test_version_and_help_end_well(capfd: pytest.CaptureFixture[str]) -> None:
    for argv in (["--version"], ["--help"], ["report", "--help"], ["doctor", "-h"]):
        with pytest.raises(SystemExit) as ended:
            main(argv)
        assert ended.value.code == 0
    assert main(["options"]) == 0
    out = capfd.readouterr().out
    assert "130 interrupted" in out
    assert "doctor" in out
    assert "rebuild" in out
    assert "  snapshot" not in out  # what does not exist is not offered


# ---- doctor and info

TRIED = [
    Diagnosis("list pods", Tried.OK, "12"),
    Diagnosis("list nodes", Tried.DENIED, "forbidden", "list nodes", "Ask for the role view."),
]


def doctor(*sources: Examined, output: str = "table") -> int:
    """Run doctor on these sources."""

    async def diagnose(_: Settings, tried: TriedReport) -> Sequence[Examined]:
        tried("cluster/a", 0)
        return sources

    return main(["doctor", "-o", output], diagnose=diagnose)


@pytest.mark.parametrize(
    ("states", "code"),
    [(["ok", "ok"], 0), (["ok", "denied"], 3), (["failed"], 3), (["denied"], 4), (["denied", "failed"], 4), ([], 3)],
)
def test_doctor_exit_codes(states: list[str], code: int) -> None:
    assert doctor(("cluster/a", "cluster", "", "", [Diagnosis("x", Tried(state)) for state in states])) == code


BEFORE = [Diagnosis("kubeconfig", Tried.OK), Diagnosis("reachable", Tried.OK), Diagnosis("signed in", Tried.OK)]
REFUSED, READ = Diagnosis("read pods", Tried.DENIED), Diagnosis("catalog", Tried.OK)


@pytest.mark.parametrize(
    ("cluster", "registry", "code"),
    [
        ([*BEFORE, REFUSED], [], 4),  # that somebody is signed in is no right to read
        ([*BEFORE, REFUSED], [READ], 4),  # as in report: without a cluster nothing runs
        ([*BEFORE, REFUSED, READ], [READ], 3),
        ([*BEFORE, Diagnosis("read pods", Tried.FAILED)], [], 3),
        ([*BEFORE, READ], [REFUSED], 3),
    ],
)
def test_doctor_exits_as_report_does(cluster: list[Diagnosis], registry: list[Diagnosis], code: int) -> None:
    other = ("signatures", "signatures", "", "", [Diagnosis("trust policy", Tried.OK)])
    registries = [("registry/x", "registry", "", "", registry)] if registry else []
    assert doctor(("cluster/a", "cluster", "", "", cluster), *registries, other) == code


def test_doctor_says_who_what_and_the_next_step(capfd: pytest.CaptureFixture[str]) -> None:
    assert doctor(("cluster/a", "cluster", "ann", "https://a:6443", TRIED)) == 3
    assert capfd.readouterr().out.splitlines() == [
        "cluster/a  https://a:6443  as ann",
        "  ✔ ok      list pods   12",
        "  ✘ denied  list nodes  forbidden",
        "      missing right: list nodes",
        "      next step: Ask for the role view.",
        "",
    ]


def test_a_heading_of_doctor_is_no_wider_than_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    registry, name = "registry/contoso.azurecr.io", "mi-trustree-reader@contoso.example (managed identity)"
    doctor((registry, "registry", name, "https://127.0.0.1:41405", [READ]))
    lines = capfd.readouterr().out.splitlines()
    assert lines[:3] == [registry, "    https://127.0.0.1:41405", f"    as {name}"]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("kind", "tried", "heading"),
    [
        ("cluster", [*BEFORE, READ], "x"),  # let in, and the server does not say as whom
        ("cluster", [Diagnosis("reachable", Tried.FAILED, "hangs")], "x"),
        ("cluster", [Diagnosis("kubeconfig", Tried.FAILED)], "x"),
        ("cluster", [Diagnosis("signed in", Tried.FAILED, "no answer")], "x"),
        ("cluster", [Diagnosis("signed in", Tried.DENIED)], "x  not signed in"),
        ("registry", [Diagnosis("reachable", Tried.FAILED)], "x"),
        ("registry", [Diagnosis("reachable", Tried.OK), Diagnosis("sign-in", Tried.OK)], "x  not signed in"),
        ("registry", [Diagnosis("sign-in", Tried.DENIED)], "x  not signed in"),
        ("registry", [], "x"),
    ],
)
def test_the_heading_says_of_the_sign_in_what_was_tried(
    kind: str, tried: list[Diagnosis], heading: str, capfd: pytest.CaptureFixture[str]
) -> None:
    doctor(("x", kind, "", "", tried))
    assert capfd.readouterr().out.splitlines()[0] == heading


def test_doctor_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert doctor(("cluster/a", "cluster", "ann", "https://a:6443", TRIED), output="json") == 3
    found = json.loads(capfd.readouterr().out)
    assert found["schema"] == "trustree/doctor/v1"
    assert found["sources"][0]["tried"][1] == {
        "what": "list nodes", "state": "denied", "detail": "forbidden", "right": "list nodes", "remedy": "Ask for the role view.",
            "identity": "",
    }  # fmt: skip


@pytest.mark.parametrize("proxy", ["http://me:hunter2@proxy:3128", "me:hunter2@proxy:3128"])
def test_info_names_versions_and_paths_and_hides_passwords(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert main(["info"]) == 0
    out = capfd.readouterr().out
    assert f"{home}/config/trustree/config.toml (not there)" in out
    assert f"{home}/state/trustree" in out
    assert "msgspec" in out
    assert "hunter2" not in out
    assert main(["info", "-o", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["info"]["policy"] == "built in"


def test_the_log_is_a_private_file_and_the_terminal_stays_silent(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report"], opener=opener_of(FINE)) == 0
    logging.getLogger("x").warning("careful")
    file = home / "state" / "trustree" / "trustree.log"
    if not file.exists():  # the state directory of other platforms
        pytest.skip("this platform keeps its state elsewhere")
    assert "careful" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "careful" not in capfd.readouterr().err


def test_a_log_file_that_was_asked_for_must_be_writable(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--log-file", "/dev/null/x"], opener=opener_of(FINE)) == 1
    assert "cannot be written" in capfd.readouterr().err


def test_ctrl_c_while_loading_ends_with_130_without_a_traceback() -> None:
    program = (
        "import asyncio, os, signal, sys\n"
        "from tests.cli.fakes import FakeEstate, FakeOpener\n"
        "from tests.domain import estates as e\n"
        "from tui.cli.main import main\n"
        "class Slow(FakeEstate):\n"
        "    async def settled(self, timeout):\n"
        "        os.kill(os.getpid(), signal.SIGINT); await asyncio.Event().wait()\n"
        # What a shell starts in the background is born deaf to Ctrl+C, and so is all that it starts.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(main(['report'], opener=FakeOpener(Slow(e.estate()))))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=30)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_progress_is_one_line_rewritten_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    progress = ProgressLine(screen)
    loading = SourceHealth(
        SourceId(SourceKind.CLUSTER, "c\x1b[2J"), SourceState.LOADING, progress=(Counted("pods", 12_000, 15_000),)
    )
    progress.show(e.estate((), (), (loading,)))
    progress.done()
    assert screen.getvalue() == "\r\x1b[2Kloading cluster/c?[2J: pods 12,000 / 15,000\r\x1b[2K"


def test_progress_elsewhere_is_sparse() -> None:
    pipe = io.StringIO()
    progress = ProgressLine(pipe)
    progress.show(WHOLE)
    progress.done()
    assert pipe.getvalue() == ""


def test_messages_that_nobody_reads_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("sys.stderr", Gone())
    assert main(["report", "check:scan="]) == 1  # the query, not the pipe


def test_an_interrupt_while_modules_are_read_is_quiet() -> None:
    code = (
        "import builtins, runpy\n"
        "real = builtins.__import__\n"
        "def stop(name, *more, **named):\n"
        "    if name == 'tui.cli.arguments': raise KeyboardInterrupt\n"
        "    return real(name, *more, **named)\n"
        "builtins.__import__ = stop\n"
        "runpy.run_module('tui', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


UNREAD = SourceHealth(SourceId(SourceKind.REGISTRY, "r.io"), SourceState.OK, objects=9, surveyed=False)


@pytest.mark.parametrize(
    ("argv", "surveys"),
    [
        ("check", 0),
        ("check ns:payments", 0),
        ("check ns:nowhere", 0),
        ("report is:running", 0),
        ("report --view workloads", 0),
        ("report -o json", 1),
        ("report is:unused", 1),
        ("report repo:nowhere", 1),
        ("check --no-cluster --registry r.io", 1),
        ("check --registry r.io", 1),
        ("check ns:payments --registry r.io", 0),
    ],
)
def test_registries_are_read_as_a_whole_only_when_the_question_is_about_that(argv: str, surveys: int) -> None:
    opener = opener_of(e.estate(sources=(*e.SOURCES, UNREAD)))
    main(argv.split(), opener=opener)
    assert opener.estate.surveys == surveys


def test_what_was_not_read_is_said_and_not_part_of_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    snapshot = e.estate(sources=(*e.SOURCES, UNREAD))
    main(["report", "-is:stuck", "-o", "json"], opener=opener_of(snapshot))
    printed = capfd.readouterr()
    assert "Of r.io only what runs was read, and what that is built on." in printed.err
    images = json.loads(printed.out)["images"]
    bases = {base for base, derived in snapshot.derived.items() if derived}
    keys = {(key.registry, key.repository, key.digest) for key in bases}
    assert images
    assert all(image["in_use"] or (image["registry"], image["repository"], image["digest"]) in keys for image in images)


@pytest.mark.parametrize(
    ("verdict", "argv", "surveys"),
    [
        (State.UNKNOWN, "check is:running", 1),
        (State.UNKNOWN, "check is:running --allow-unknown", 0),
        (State.FAIL, "check is:running", 0),
        (State.UNKNOWN, "report is:running", 0),
    ],
)
def test_a_check_reads_the_rest_where_its_verdict_hangs_on_a_base_that_may_lie_there(
    verdict: State, argv: str, surveys: int
) -> None:
    build = Builder()
    key = build.image(
        "app:1",
        estate_check(CheckName.BASE, State.UNKNOWN, "Nothing names its base.", "base unknown"),
        estate_check(CheckName.SIGNATURE, verdict if verdict is State.FAIL else State.PASS, "as it is"),
    )
    build.run("prod-weu/shop/Deployment/app", key, 2)
    registry = msgspec.structs.replace(UNREAD, id=SourceId(SourceKind.REGISTRY, key.registry))
    opener = opener_of(build.freeze(registry))
    main(argv.split(), opener=opener)
    assert opener.estate.surveys == surveys


@pytest.mark.parametrize(
    ("argv", "head"),
    [
        ("report is:stuck", "WORKLOAD"),
        ("report is:stuck -o markdown", "WORKLOAD"),
        ("report is:stuck --view images", "IMAGE"),
        ("report is:running", "IMAGE"),
        ("report ns:payments", "IMAGE"),
    ],
)
def test_what_does_not_start_is_listed_where_nobody_asked_for_other_rows(
    argv: str, head: str, capfd: pytest.CaptureFixture[str]
) -> None:
    main(argv.split(), opener=opener_of(e.estate()))
    titles = next(line for line in capfd.readouterr().out.splitlines() if "PODS" in line)
    assert head in titles
