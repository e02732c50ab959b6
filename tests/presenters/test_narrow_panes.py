"""What a pane of 43 cells says, as it is beside the tree at 120 columns: nothing that names a thing is cut to nothing."""

from __future__ import annotations

import pytest

from tests.estates import NOW, company
from tui.presenters.glyphs import UNICODE
from tui.presenters.keys import RowSubject
from tui.presenters.tabs.running import RUNNING
from tui.presenters.tabs.spec import SectionContext
from widgets.columns import cell_width


@pytest.mark.parametrize("width", [43, 60, 120])
def test_every_pod_has_its_name_and_its_node_beside_or_below_it(width: int) -> None:
    snapshot = company()
    look = SectionContext(snapshot, NOW, UNICODE, width)
    for key, workload in snapshot.workloads.items():
        lines = RUNNING.lines(RowSubject(workload=key), look)
        for pod in (pod for container in workload.containers for pod in container.pod_refs):
            own = [line for line in lines if any(pod.name in span.text for span in line.left)]
            assert own
            assert all(cell_width((line.left[0], *line.right)) <= width for line in own)
