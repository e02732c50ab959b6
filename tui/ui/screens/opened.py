"""What is asked of registries about a row that was opened, beyond what every image is asked for."""

from __future__ import annotations

from tui.presenters.keys import RowSubject
from tui.ui.host import Host

__all__ = ["ask_about"]


def ask_about(app: Host, subject: RowSubject) -> None:
    """Ask for what is attached to an image and for its history, and whether what a workload cannot pull is there."""
    if app.estate is None:
        return
    from tui.domain.facts.demand import Demand, Priority  # not before a row is opened

    image = app.snapshot.images.get(subject.image) if subject.image else None
    if image is not None and image.key.digest:
        app.estate.want((Demand(image.name, image.key.digest, Priority.OPENED, referrers=True, history=True),))
    workload = app.snapshot.workloads.get(subject.workload) if subject.workload else None
    if workload is not None and any(container.pull for container in workload.containers):
        from tui.domain.answers.pulls import demands_of_pulls  # the room of answers: not before something does not start

        app.estate.look_again(demands_of_pulls(workload))
