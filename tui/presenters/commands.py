"""What `:` offers for what is typed: views, verbs, queries, names, all in one list, the first of which Enter takes.

The short words are k9s's: `:wl`, `:img`, `:ns prod`, `:deploy`, `:q`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from tui.domain.common.fuzzy import NameSearch
from tui.domain.common.text import clean
from tui.domain.facts.workload import ObjectKey
from tui.domain.query.complete import completions, tally_of
from tui.domain.query.index import QueryIndex
from tui.domain.query.language import Key, Term, format_term, parse_terms, quote
from tui.domain.query.saved import expand, parse_expanded
from tui.domain.snapshot.snapshot import Image, ImageKey, Snapshot
from tui.errors import InvalidQuery
from tui.presenters.completing import tally_words
from tui.presenters.keys import RowSubject
from tui.presenters.phrases import node_name
from tui.presenters.views.table import VIEWS
from widgets.rows import Cell, Span

__all__ = [
    "Ask",
    "Command",
    "CommandIndex",
    "CommandOffer",
    "CommandRequest",
    "GoOn",
    "Jump",
    "Run",
    "Target",
    "commands",
    "offers",
]

MOST = 60
MOST_NAMES = 40
MOST_PLACES = 5
LEAST_LETTERS = 2
"""So many letters before names of the estate are looked for."""


class Run(NamedTuple):
    """Run an action, of the screen or else of the application, as bindings name it."""

    action: str


class Ask(NamedTuple):
    """Show what a query finds, in a view (empty: the one there is)."""

    query: str
    view: str = ""


class Jump(NamedTuple):
    """Go to the row of a thing in a view."""

    subject: RowSubject
    view: str


class GoOn(NamedTuple):
    """Something is still to be typed after this text."""

    text: str


Target = Run | Ask | Jump | GoOn


class Command(NamedTuple):
    """What can be done by name: `words` are short for its title, `help` says what it does."""

    title: str
    help: str
    target: Target
    words: tuple[str, ...] = ()


class CommandOffer(NamedTuple):
    """A line of the list: what it is, what is said of it, and what Enter does."""

    title: str
    note: Cell
    target: Target


_SYNTAX = re.compile(r"(?:^|\s)(?:-?@|-\S|-?[A-Za-z]+(?::|>=|<=|[<>=]))")
_SHORT = re.compile(r":(\w+!?)")
_VERBS = (
    ("filter", "narrow the rows by a query", "filter"),
    ("faults", "only what is not trusted, worst first", "faults"),
    ("sources", ":ctx :acr  every cluster and registry, what it answers and what it refuses", "sources"),
    ("copy reference", "the image's reference with its digest", "copy_reference"),
    ("describe", ":d  every check of the row, with its reason", "section('overview')"),
    ("manifest", ":yaml :y  as it lies in the registry, with its configuration", "section('raw')"),
    ("used by", ":u  the workloads that run it, or the images that are built on it", "users"),
    ("export", ":x  the unfolded rows into a file of our own; `export FILE` into that one (.md .csv .txt)", "export"),
    ("picture", "what the screen shows, as a picture in a file", "picture"),
    ("rebuild", "plan a rebuild of what is selected", "act('rebuild')"),
    ("redeploy", "plan a restart or a pin of what is selected", "act('redeploy')"),
    ("contain", "plan a lock, a roll back and scaling to zero of what is selected", "act('contain')"),
    ("rebuild all", "plan a rebuild of all that the filter finds", "act_on_found('rebuild')"),
    ("redeploy all", "plan a restart or a pin of every workload that the filter finds", "act_on_found('redeploy')"),
    ("contain all", "plan the containment of all that the filter finds", "act_on_found('contain')"),
    ("zoom", "one pane on the whole screen", "zoom"),
    ("read again", "ask every source now", "refresh_estate"),
    ("theme", "other colours", "change_theme"),
    ("help", ":h  every key of this screen", "help"),
    ("quit", ":q :q! :quit :exit", "quit"),
)
_KINDS = {
    "deploy": ("deployment", "deployments", "dp"),
    "sts": ("statefulset", "statefulsets"),
    "ds": ("daemonset", "daemonsets"),
    "job": ("jobs",),
    "cj": ("cronjob", "cronjobs"),
    "pod": ("pods", "po"),
}
"""Kinds of workloads by the short names of kubectl; what k9s lists by them is shown as workloads here."""
_ARGUMENTS: Mapping[str, Key] = {
    "ns": Key.NS,
    "namespace": Key.NS,
    "ctx": Key.CTX,
    "context": Key.CTX,
    "cluster": Key.CTX,
    "team": Key.TEAM,
    "cve": Key.CVE,
    "pkg": Key.PKG,
    "base": Key.BASE,
    "repo": Key.REPO,
    "acr": Key.REPO,
    "kind": Key.KIND,
}
"""Words that a value may follow, and what they ask for."""
_LISTED = {Key.NS: "workloads", Key.CTX: "workloads", Key.KIND: "workloads"}
"""The views in which what is asked for is listed best; the others are asked in the view there is."""


def commands() -> tuple[Command, ...]:
    """Everything that can be done by name."""
    views = [Command(view.name.lower(), view.help, Run(f"view('{view.id}')"), _words(view.help)) for view in VIEWS]
    verbs = [Command(title, help_text, Run(action), _words(help_text)) for title, help_text, action in _VERBS]
    namespaces = Command("namespaces", ":ns [NAME]  workloads, by cluster and namespace", Run("view('workloads')"), ("ns",))
    values = [
        Command(f"{word} …", help_text, GoOn(f"{word} "), (word,))
        for word, help_text in (
            ("repo", "images of a repository"),
            ("base", "what is built on a base"),
            ("cve", "what has a vulnerability"),
            ("pkg", "what has a vulnerable package"),
            ("team", "what a team owns"),
            ("save", "NAME  save the filter by name, used as @NAME"),
            ("forget", "NAME  drop a query that was saved"),
        )
    ]
    kinds = [
        Command(
            names[0],
            f":{word}  workloads of this kind",
            Ask(f"kind:{word}", "workloads"),
            (word, *names),
        )
        for word, names in _KINDS.items()
    ]
    return (*views, namespaces, *verbs, *values, *kinds)


class CommandIndex:
    """What is offered is looked for in these: the queries of a snapshot, its names, and the queries that were saved."""

    def __init__(self, queries: QueryIndex) -> None:
        self.queries = queries

    @cached_property
    def things(self) -> tuple[ObjectKey | ImageKey, ...]:
        """What can be jumped to: workloads, then images."""
        return (*self.queries.snapshot.workloads, *self.queries.snapshot.images)

    @cached_property
    def search(self) -> NameSearch:
        """Their names, in the same order."""
        snapshot = self.queries.snapshot
        workloads = [f"{key.namespace}/{key.name}" for key in snapshot.workloads]
        return NameSearch([*workloads, *map(_image_name, snapshot.images.values())])


def _image_name(image: Image) -> str:
    return f"{image.key.repository}:{image.tags[0]}" if image.tags else node_name(image)


class CommandRequest(NamedTuple):
    """What was typed, and what it is looked for in.

    `can_run` says whether an action can run here, `is_current` whether the answer is still waited for.
    """

    text: str
    names: CommandIndex
    saved: Mapping[str, str]
    now: datetime
    can_run: Callable[[str], bool] = lambda action: True
    is_current: Callable[[], bool] = lambda: True


def offers(request: CommandRequest) -> list[CommandOffer]:
    """What is offered, the best first, each thing once."""
    unique: dict[Target, CommandOffer] = {}
    for offer in _all_offers(request):
        if not isinstance(offer.target, Run) or request.can_run(offer.target.action):
            unique.setdefault(offer.target, offer)
        if len(unique) >= MOST or not request.is_current():
            break
    return list(unique.values())


def _all_offers(request: CommandRequest) -> Iterator[CommandOffer]:
    text = request.text.strip().removeprefix(":")
    word, blank, argument = request.text.lstrip().removeprefix(":").partition(" ")
    if text.startswith("/"):
        yield from _queries(text[1:].strip(), request)
        return
    if blank and word in ("save", "forget"):
        yield from _keeping(word, argument.strip(), request)
        return
    if blank and word == "export" and argument.strip():
        note = (Span("the unfolded rows: .csv, .txt, else Markdown", "dim"),)
        yield CommandOffer(f"export {clean(argument.strip(), 60)}", note, Run(f"export({argument.strip()!r})"))
        return
    if blank and word in _ARGUMENTS:
        yield from _values(word, argument.strip(), request)
        yield from _queries(argument.strip(), request)
        return
    small = text.lower()
    yield from map(_offer, (command for command in commands() if small in (command.title, *command.words)))
    if word in _ARGUMENTS and not blank:
        yield from _values(word, "", request)
    if _is_query(text):
        yield from _queries(text, request)
    yield from map(_offer, _named(small))
    if not small:
        yield from (CommandOffer(f"@{name}", (Span(query, "dim"),), Ask(query)) for name, query in request.saved.items())
    if len(small) >= LEAST_LETTERS:
        yield from _places(small, request)
        yield from _jumps(text, request)
    if text:
        yield from _queries(text, request)


def _named(small: str) -> Iterator[Command]:
    """Commands by the beginning of their names, then by a part."""
    every = commands()
    yield from (command for command in every if any(name.startswith(small) for name in (command.title, *command.words)))
    yield from (command for command in every if small in command.title)


def _offer(command: Command) -> CommandOffer:
    return CommandOffer(command.title, (Span(command.help, "dim"),), command.target)


def _words(help_text: str) -> tuple[str, ...]:
    return tuple(_SHORT.findall(help_text))


def _is_query(text: str) -> bool:
    """Whether a text can only be meant as a query: it has a key, a minus or the name of a saved one."""
    return bool(_SYNTAX.search(text)) or _terms_of(text, {}) not in (
        (),
        _word_terms(text),
    )


def _word_terms(text: str) -> tuple[Term, ...]:
    return tuple(Term(Key.WORD, word) for word in text.split())


def _terms_of(text: str, saved: Mapping[str, str]) -> tuple[Term, ...]:
    try:
        return parse_terms(parse_expanded(text, saved))
    except InvalidQuery:
        return ()


def _queries(text: str, request: CommandRequest) -> Iterator[CommandOffer]:
    """The text as a query, and what it could become."""
    terms = _terms_of(text, request.saved)
    if terms:
        query = " ".join(map(format_term, terms))
        yield CommandOffer(f"/ {text}", tally_words(request.names.queries.tally(terms, request.now)), Ask(query))
    for completion in completions(text, len(text), request.names.queries.words, request.saved):
        if completion.unfinished:
            yield CommandOffer(f"/ {completion.text}", (), GoOn(completion.text))
            continue
        tally = tally_of(completion, request.names.queries, request.now, request.saved)
        if tally is not None:
            yield CommandOffer(f"/ {completion.text}", tally_words(tally), Ask(expand(completion.text, request.saved).text))


def _values(word: str, part: str, request: CommandRequest) -> Iterator[CommandOffer]:
    """A word with a value: those that the estate has, and what was typed where it has none of that beginning."""
    key = _ARGUMENTS[word]
    words = request.names.queries.words.values(key)
    if word == "acr":
        words = tuple(sorted({f"{image.registry}/*" for image in request.names.queries.snapshot.images}))
    small = part.lower()
    exact = [name for name in words if name.lower() == small]
    begun = [name for name in words if name.lower().startswith(small) and name not in exact]
    inside = [name for name in words if small in name.lower() and name not in exact and not name.lower().startswith(small)]
    typed = [part] if part and not exact and (key in (Key.CVE, Key.PKG, Key.BASE, Key.REPO) or not begun) else []
    yield from (_valued(word, value, request) for value in (*exact, *begun, *inside, *typed)[:MOST])


def _places(small: str, request: CommandRequest) -> Iterator[CommandOffer]:
    """Clusters, namespaces and teams by the beginning of their names alone."""
    for word in ("ctx", "ns", "team"):
        names = request.names.queries.words.values(_ARGUMENTS[word])
        begun = [name for name in names if name.lower().startswith(small)]
        yield from (_valued(word, name, request) for name in begun[:MOST_PLACES])


def _valued(word: str, value: str, request: CommandRequest) -> CommandOffer:
    key = _ARGUMENTS[word]
    term = f"{key}:{quote(value)}"
    tally = request.names.queries.tally(parse_terms(term), request.now)
    return CommandOffer(f"{word} {value}", tally_words(tally), Ask(term, _LISTED.get(key, "")))


def _keeping(word: str, name: str, request: CommandRequest) -> Iterator[CommandOffer]:
    """Save the filter under a name, or drop one of those that there are."""
    if word == "save" and name:
        yield CommandOffer(
            f"save {clean(name, 40)}", (Span("the filter there is, as a query", "dim"),), Run(f"save_query({name!r})")
        )
    for saved, query in request.saved.items():
        if saved.startswith(name) and (word == "forget" or saved != name):
            yield CommandOffer(f"{word} {saved}", (Span(query, "dim"),), Run(f"{word}_query({saved!r})"))


def _jumps(text: str, request: CommandRequest) -> Iterable[CommandOffer]:
    numbers = request.names.search.best(text, MOST_NAMES, request.is_current)
    return (_jump(request.names.things[number], request.names.queries.snapshot) for number in numbers)


def _jump(key: ObjectKey | ImageKey, snapshot: Snapshot) -> CommandOffer:
    if isinstance(key, ObjectKey):
        note = Span(f"{key.kind} in {key.namespace}, {key.cluster}", "dim")
        return CommandOffer(key.name, (note,), Jump(RowSubject(workload=key), "workloads"))
    image = snapshot.images[key]
    return CommandOffer(node_name(image), (Span(f"image in {key.registry}", "dim"),), Jump(RowSubject(image=key), "lineage"))
