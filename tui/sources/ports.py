"""What the estate knows of sources: ports of one to three methods, and no more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from tui.domain.facts.build import BuilderKind, Job, JobKey, Run
from tui.domain.facts.demand import ArtifactDemand, Demand
from tui.domain.facts.diagnosis import Diagnosis
from tui.domain.facts.events import Event, SourceId
from tui.domain.facts.image import Referrer, RepositoryName
from tui.domain.facts.rights import Right

__all__ = [
    "ApiResource",
    "ArtifactSource",
    "AttachmentReader",
    "AttendedSource",
    "Builder",
    "ClusterReader",
    "ClusterSession",
    "ContentReader",
    "ContentStore",
    "DemandSource",
    "Probe",
    "QueryPage",
    "RegistryFactory",
    "RereadSource",
    "ResourceQueries",
    "ResourceQuerySession",
    "RevocationStore",
    "RoundSource",
    "Source",
    "SurveyedSource",
    "Trigger",
]


class Source(Protocol):
    """An outside system that facts come from.

    `events` may run for ever (a watch) or end; it yields `HealthChanged` whenever its health changes. It handles its own
    reconnects; a `SourceError` that it raises is final for this run: the pump restarts it with back-off. Closing the
    iterator releases every connection.
    """

    @property
    def id(self) -> SourceId:
        """`cluster/prod-weu`, `registry/contoso.azurecr.io`."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Facts as they come."""
        ...


@runtime_checkable
class DemandSource(Source, Protocol):
    """A source that is asked for particular things."""

    def want(self, demands: tuple[Demand, ...]) -> None:
        """Ask for more; asking twice for the same costs nothing. Never blocks."""
        ...

    @property
    def idle(self) -> bool:
        """True when everything asked for was answered, and the first pass over the registry is done."""
        ...


@runtime_checkable
class RereadSource(Source, Protocol):
    """A source that looks again at particular things when somebody knows that they may have changed."""

    def look_again(self, demands: tuple[Demand, ...]) -> None:
        """Ask for these also where they were answered before. Never blocks."""
        ...


@runtime_checkable
class RoundSource(Source, Protocol):
    """A source that reads everything in rounds, and begins the next one early when somebody waits for what is new."""

    def wake(self) -> None:
        """Read again soon, unless that was done just now or is refused. Never blocks."""
        ...


@runtime_checkable
class AttendedSource(Source, Protocol):
    """A source that reads in rounds only while somebody is there who wants to know."""

    def attend(self) -> None:
        """Somebody is there: go on. Never blocks."""
        ...

    def look(self) -> None:
        """Somebody waits for what has changed: read soon. Never blocks."""
        ...


@runtime_checkable
class SurveyedSource(Source, Protocol):
    """A source that reads all that it holds when somebody asks about more than what runs."""

    def survey(self) -> None:
        """Read everything, not only what is asked for by name. Never blocks."""
        ...


@runtime_checkable
class ArtifactSource(Source, Protocol):
    """A source that reads what is attached to images: signatures, reports, provenance. It takes what it understands."""

    def examine(self, demands: tuple[ArtifactDemand, ...]) -> None:
        """Ask for more; asking twice for the same costs nothing. Never blocks."""
        ...

    @property
    def idle(self) -> bool:
        """True when everything asked for was answered."""
        ...


class ContentReader(Protocol):
    """Reads content of registries by digest: what one source needs of another, handed over by the wiring.

    Every body is checked against its digest. Raises SourceError: NotFound, Forbidden, Unreachable, UntrustedPayload...
    """

    async def manifest(self, name: RepositoryName, digest: str) -> bytes:
        """The body of a manifest."""
        ...

    async def blob(self, name: RepositoryName, digest: str, limit: int) -> bytes:
        """A blob of at most `limit` bytes; a larger one raises UntrustedPayload."""
        ...


class ContentStore(Protocol):
    """Keeps content by digest, perhaps for the next run: it can never change. Whether a registry still has it is asked there."""

    async def get(self, digest: str) -> bytes | None:
        """The bytes, None when they are not there. Whoever asks checks them against the digest again."""
        ...

    def put(self, digest: str, content: bytes) -> None:
        """Keep them, if there is room. Never blocks."""
        ...


class RevocationStore(Protocol):
    """Keeps what revocation services said, for the next run; whoever reads it verifies it again."""

    async def answer(self, key: str) -> tuple[bytes, datetime] | None:
        """An answer and when it was fetched; None when there is none."""
        ...

    def keep_answer(self, key: str, body: bytes) -> None:
        """Keep an answer that was fetched just now. Never blocks."""
        ...


class AttachmentReader(ContentReader, Protocol):
    """Reads what is attached in a repository to a digest, which need not be there itself."""

    async def attached(self, name: RepositoryName, subject: str) -> tuple[tuple[Referrer, ...], tuple[str, ...]]:
        """What is attached, and why that may not be all. Raises SourceError."""
        ...

    async def close(self) -> None:
        """End its connections."""
        ...


class ApiResource(msgspec.Struct, frozen=True):
    """A resource that an API server serves: `group_version` is `aquasecurity.github.io/v1alpha1`, `name` its plural."""

    group_version: str
    name: str
    kind: str
    namespaced: bool = True


class ClusterSession(Protocol):
    """An open connection to a cluster's API server, signed in."""

    @property
    def endpoint(self) -> str:
        """Host and port of the server; the context's name until it is known."""
        ...

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        ...

    async def resources(self, group_version: str) -> tuple[ApiResource, ...]:
        """What is served under a group and version, empty when the server does not know it. Raises SourceError."""
        ...

    def pages(
        self, resource: ApiResource, namespace: str = "", *, size: int = 500, metadata_only: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """The list of a resource, page by page as raw JSON, in one namespace or (empty) in the whole cluster.

        With `metadata_only` the items are asked for without anything but `metadata`; a server that cannot do that sends them
        whole. Raises SourceError: Forbidden without the right to list, Expired when the list must be started anew.
        """
        ...

    async def item(self, resource: ApiResource, namespace: str, name: str) -> bytes:
        """One object as raw JSON. Raises SourceError, NotFound when it is gone."""
        ...

    async def readable(self, resource: ApiResource) -> tuple[str, ...]:
        """The namespaces in which the resource may be listed, for when the whole cluster may not be. Raises SourceError."""
        ...


class ClusterReader(Protocol):
    """Opens a cluster for sources that read particular resources of it: handed over by the wiring."""

    @property
    def cluster(self) -> str:
        """What the facts call the cluster."""
        ...

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The only namespaces to be read, empty for all that may be."""
        ...

    def open(self) -> AbstractAsyncContextManager[ClusterSession]:
        """Connect. Raises UsageError when the kubeconfig cannot be used."""
        ...


class QueryPage(msgspec.Struct, frozen=True):
    """Rows of one page as raw JSON; `total` over all pages, `truncated` when the service keeps the rest to itself."""

    rows: tuple[msgspec.Raw, ...]
    total: int
    truncated: bool = False


class ResourceQuerySession(Protocol):
    """An open connection to the service that answers queries over Azure resources."""

    @property
    def endpoint(self) -> str:
        """The host."""
        ...

    @property
    def identity(self) -> str:
        """Who is signed in, in words; empty before the first query."""
        ...

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        ...

    async def sign_in(self) -> object:
        """Sign in before the first query, so that only that is waited for then. Raises AuthenticationFailed."""
        ...

    def pages(self, query: str) -> AsyncGenerator[QueryPage, None]:
        """The rows of a query in KQL, which must keep `id` and order by it. Raises SourceError."""
        ...


class ResourceQueries(Protocol):
    """Opens a connection for queries over Azure resources: handed over by the wiring."""

    def open(self) -> AbstractAsyncContextManager[ResourceQuerySession]:
        """Connect; signs in with the first query."""
        ...


class RegistryFactory(Protocol):
    """Makes the source of a registry when an image of it is first met."""

    def __call__(self, registry: str) -> DemandSource | None:
        """The source, or None when the configuration says not to ask this registry."""
        ...


class Probe(Protocol):
    """A source that can say what it can and cannot read."""

    def diagnose(self) -> AsyncGenerator[Diagnosis, None]:
        """Try each kind of read once; each is told when it was tried, so that what comes too late hides nothing."""
        ...


class Trigger(msgspec.Struct, frozen=True):
    """A wish to run a job: `parameters` as the job knows them, and `mark`, which stands for this wish alone.

    A builder passes the mark on wherever its system takes one, so that the run can be found again when the answer was lost.
    """

    job: JobKey
    mark: str
    parameters: Mapping[str, str] = {}


class Builder(Protocol):
    """A system that builds images. Every method raises SourceError; none retries what is not safe to repeat."""

    @property
    def kind(self) -> BuilderKind:
        """Which system."""
        ...

    @property
    def name(self) -> str:
        """As in `JobKey.builder`."""
        ...

    async def find(self, names: Sequence[RepositoryName]) -> Sequence[Job]:
        """The jobs that build into these repositories, as far as the builder can tell; all that it knows when none is named."""
        ...

    async def describe(self, job: JobKey) -> Job:
        """One job as it is now. Raises NotFound."""
        ...

    async def runs(self, job: JobKey, most: int) -> Sequence[Run]:
        """The last runs, newest first."""
        ...

    async def rights(self, job: JobKey) -> tuple[Right, ...]:
        """The rights to trigger, follow and cancel, asked without acting."""
        ...

    async def trigger(self, trigger: Trigger) -> Run:
        """Start a run, sent once.

        Raises OutcomeUnknown when it may have been started although no answer came (a lost connection, a time-out, a 5xx): it is
        then looked up, never sent again. Any other SourceError says that nothing was started.
        """
        ...

    async def look_up(self, trigger: Trigger, since: datetime) -> Sequence[Run]:
        """The runs that this trigger may have started since then: none, one, or several that cannot be told apart."""
        ...

    async def follow(self, run: Run) -> Run:
        """The run as it is now."""
        ...

    def log(self, run: Run) -> AsyncGenerator[str, None]:
        """The log's lines as they come, cleaned of control characters, until the run's log is complete."""
        ...

    async def cancel(self, run: Run) -> None:
        """Ask for the run to end; whether it does is seen by `follow`."""
        ...
