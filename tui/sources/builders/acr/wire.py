"""What tasks and runs of ACR mean that Azure Resource Manager writes.

Sources: azure-rest-api-specs `containerregistry` RegistryTasks 2019-06-01-preview and 2025-03-01-preview, azure-cli `acr`
(`get_finished_run_status`), and recordings of azure-cli. `provisioningState` says nothing of a run.
"""

from __future__ import annotations

from tui.domain.common.redaction import quoted
from tui.domain.common.text import clean
from tui.domain.facts.build import (
    BaseDependency,
    BaseTrigger,
    BuilderKind,
    BuiltImage,
    Job,
    JobKey,
    Run,
    RunCause,
    RunState,
)
from tui.domain.facts.image import Platform, RepositoryName
from tui.domain.facts.reference import is_digest, is_repository, normalize_registry
from tui.domain.facts.retention import PurgeRule, RegistryPolicies
from tui.sources.builders.acr.purges import encoded_purges, has_unclear_purges
from tui.sources.builders.acr.resources import (
    DependencyWire,
    OutputWire,
    PlatformWire,
    PolicyWire,
    RegistryResource,
    RunProperties,
    RunResource,
    StepWire,
    TaskResource,
    TriggersWire,
    TriggerWire,
)
from tui.sources.builders.acr.steps import encoded_images, named_image
from tui.sources.kit.moments import moment

__all__ = ["job_of", "policies_of", "run_of"]

MOST_IMAGES = 200
MOST_DAYS = 365
_STATES = {
    "queued": RunState.QUEUED,
    "started": RunState.RUNNING,
    "running": RunState.RUNNING,
    "succeeded": RunState.SUCCEEDED,
    "failed": RunState.FAILED,
    "error": RunState.FAILED,
    "timeout": RunState.FAILED,
    "canceled": RunState.CANCELLED,
    "cancelled": RunState.CANCELLED,
}


def job_of(task: TaskResource, host: str) -> Job:
    """A task as a job of the builder of a registry."""
    properties = task.properties
    platform = properties.platform
    return Job(
        key=JobKey(BuilderKind.ACR_TASKS, host, task.id.lower()),
        name=clean(task.name, 120),
        url=_portal(task.id),
        images=_images(properties.step, host),
        bases=_bases(properties.step),
        disabled=_disabled(properties.status),
        trigger=_base_trigger(properties.trigger),
        source_trigger=_any_enabled(properties.trigger.source_triggers) if properties.trigger else False,
        schedule=_any_enabled(properties.trigger.timer_triggers) if properties.trigger else False,
        platform=_platform(platform),
        agent_pool=clean(properties.agent_pool_name or "", 80),
        parameters=_parameters(properties.step),
        reason=_unknown_images(properties.step),
        purges=_purges(properties.step, properties.trigger),
        purges_unclear=_purges_unclear(properties.step, properties.status),
    )


def _disabled(status: str | None) -> str:
    if (status or "").lower() == "enabled":
        return ""
    return "the task is disabled" if (status or "").lower() == "disabled" else f"the task is {clean(status or 'in no state', 40)}"


def _platform(platform: PlatformWire | None) -> Platform | None:
    if platform is None or not platform.os:
        return None
    architecture = (platform.architecture or "amd64").lower()  # what Azure builds for when nothing is said
    return Platform(platform.os.lower(), "386" if architecture == "x86" else architecture, (platform.variant or "").lower())


def _images(step: StepWire | None, host: str) -> tuple[BuiltImage, ...]:
    if step is None or step.is_push_enabled is False:
        return ()
    if (step.type or "").lower() == "encodedtask":
        return encoded_images(step.encoded_task_content or "", host)
    parsed = (named_image(text, host) for text in (step.image_names or [])[:MOST_IMAGES])
    return tuple(image for image in parsed if image is not None)


def _unknown_images(step: StepWire | None) -> str:
    if step is not None and (step.type or "").lower() == "filetask":
        return f"its steps are in the file {clean(step.task_file_path or '', 120)} of its source, which is not read"
    return ""


def _purges(step: StepWire | None, triggers: TriggersWire | None) -> tuple[PurgeRule, ...]:
    if step is None or (step.type or "").lower() != "encodedtask":
        return ()
    timers = triggers.timer_triggers or [] if triggers is not None else []
    enabled = [timer.schedule or "" for timer in timers if (timer.status or "").lower() == "enabled"]
    return encoded_purges(step.encoded_task_content or "", tuple(filter(None, enabled)))


def _purges_unclear(step: StepWire | None, status: str | None) -> bool:
    """A build only pushes; what the steps in a file of a source do is not read, and they may be anything."""
    kind = (step.type or "").lower() if step is not None else ""
    if step is None or kind not in ("encodedtask", "filetask") or (status or "").lower() == "disabled":
        return False
    if kind == "filetask":
        return True
    content = step.encoded_task_content or ""
    is_in_no_state = (status or "").lower() != "enabled"
    return has_unclear_purges(content) or (is_in_no_state and bool(encoded_purges(content, ())))


def policies_of(registry: RegistryResource) -> RegistryPolicies:
    """What the resource of a registry says of deletions and rights; a policy that it does not name is none."""
    policies, mode = registry.properties.policies, (registry.properties.role_assignment_mode or "").lower()
    by_repository = {"abacrepositorypermissions": True, "legacyregistrypermissions": False}.get(mode)
    retention = policies.retention_policy if policies is not None else None
    soft_delete = policies.soft_delete_policy if policies is not None else None
    if policies is None or not _is_told(retention):
        return RegistryPolicies(by_repository=by_repository, reason="Azure does not return the retention policy of the registry.")
    is_on = retention is not None and retention.is_on
    return RegistryPolicies(
        days=retention.days if retention is not None and is_on else None,
        changed=moment(retention.last_updated_time) if retention is not None and is_on else None,
        by_repository=by_repository,
        soft_delete_days=soft_delete.retention_days if soft_delete is not None and soft_delete.is_on else None,
    )


def _is_told(retention: PolicyWire | None) -> bool:
    """Whether a policy is off, or on with a number of days that Azure takes (0 to 365, container-registry-retention-policy)."""
    if retention is None or (retention.status or "").lower() == "disabled":
        return True
    return retention.is_on and retention.days is not None and 0 <= retention.days <= MOST_DAYS


def _parameters(step: StepWire | None) -> tuple[str, ...]:
    declared = [*(step.arguments or ()), *(step.values or ())] if step is not None else []
    return tuple(dict.fromkeys(clean(argument.name, 120) for argument in declared if argument.name))


def _bases(step: StepWire | None) -> tuple[BaseDependency, ...] | None:
    """The bases of the last build; None before the first: Azure leaves the list out then."""
    if step is None or step.base_image_dependencies is None:
        return None
    bases = (_base(dependency) for dependency in step.base_image_dependencies[:MOST_IMAGES])
    return tuple(base for base in bases if base is not None)


def _base(wire: DependencyWire) -> BaseDependency | None:
    repository = (wire.repository or "").lower()
    if not wire.registry or not is_repository(repository):
        return None
    return BaseDependency(
        RepositoryName(normalize_registry(wire.registry.lower()), repository),
        clean(wire.tag or "", 128),
        wire.digest if wire.digest and is_digest(wire.digest) else "",
        runtime=(wire.type or "").lower() != "buildtime",
    )


def _base_trigger(triggers: TriggersWire | None) -> BaseTrigger:
    wire = triggers.base_image_trigger if triggers is not None else None
    if wire is None:
        return BaseTrigger.NONE
    return {"enabled": BaseTrigger.ON, "disabled": BaseTrigger.OFF}.get((wire.status or "").lower(), BaseTrigger.UNKNOWN)


def _any_enabled(triggers: list[TriggerWire] | None) -> bool | None:
    """Whether one is on; None where one is in a state that is not known, and no other is on."""
    states = {(trigger.status or "").lower() for trigger in triggers or ()}
    if "enabled" in states:
        return True
    return False if states <= {"disabled"} else None


def run_of(wire: RunResource, host: str, registry_id: str) -> Run:
    """A run as it is told; the key of its job where it has one."""
    properties = wire.properties
    state = _STATES.get((properties.status or "").lower(), RunState.UNKNOWN)
    task = f"{registry_id}/tasks/{properties.task.rpartition('/')[2]}".lower() if properties.task else ""
    return Run(
        kind=BuilderKind.ACR_TASKS,
        builder=host,
        id=clean(wire.run_id, 80),
        state=state,
        job=JobKey(BuilderKind.ACR_TASKS, host, task) if task else None,
        detail=_detail(properties, state),
        cause=_cause(properties),
        created=moment(properties.create_time),
        started=moment(properties.start_time),
        finished=moment(properties.finish_time),
        images=_outputs(properties.output_images),
        url=_portal(f"{registry_id}/runs/{wire.run_id}"),
    )


def _detail(properties: RunProperties, state: RunState) -> str:
    message = quoted(properties.run_error_message or "", 300)
    status = (properties.status or "").lower()
    if state is RunState.QUEUED and properties.agent_pool_name:
        return f"It waits for a machine of the agent pool {clean(properties.agent_pool_name, 80)}."
    if status == "timeout":
        return "It took longer than its time limit." + (f" Azure says: {message}" if message else "")
    if status == "error" and not message:
        return "Azure ended it with an error of its own, and says nothing more."
    if state is RunState.UNKNOWN:
        return f"Azure calls its state {clean(properties.status or '', 40) or 'nothing'}, which is not known here."
    return message


def _cause(properties: RunProperties) -> RunCause:
    for trigger, cause in (
        (properties.image_update_trigger, RunCause.BASE_IMAGE),
        (properties.source_trigger, RunCause.SOURCE),
        (properties.timer_trigger, RunCause.SCHEDULE),
    ):
        if trigger is not None:
            return cause
    return RunCause.MANUAL if (properties.run_type or "").lower() in ("quickrun", "quickbuild") else RunCause.UNKNOWN


def _outputs(outputs: list[OutputWire] | None) -> tuple[BuiltImage, ...] | None:
    if outputs is None:
        return None
    images = []
    for output in outputs[:MOST_IMAGES]:
        repository = (output.repository or "").lower()
        if output.registry and is_repository(repository):
            name = RepositoryName(normalize_registry(output.registry.lower()), repository)
            digest = output.digest if output.digest and is_digest(output.digest) else ""
            images.append(BuiltImage(name, clean(output.tag or "", 128), digest))
    return tuple(images)


def _portal(resource_id: str) -> str:
    return f"https://portal.azure.com/#resource{clean(resource_id, 400)}" if resource_id.startswith("/") else ""
