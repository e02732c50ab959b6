"""The ids of what was sent are collected for whoever writes them down, and for nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tui.sources.kit.request_ids import collected_ids, hear_ids


@dataclass
class Answer:
    """Some headers, by lower case names."""

    headers: dict[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """One, empty when it is not there."""
        return self.headers.get(name, "")


ARM = Answer({"x-ms-request-id": "a1", "x-ms-correlation-request-id": "b2", "x-ms-other": "no"})
GITHUB = Answer({"x-github-request-id": "83BE:12914\x1b[31m"})


async def test_every_known_id_of_what_was_sent_is_collected_in_the_order_of_the_answers() -> None:
    with collected_ids() as ids:
        hear_ids(ARM)
        await asyncio.sleep(0)
        hear_ids(Answer())
        hear_ids(GITHUB)
    hear_ids(ARM)
    assert ids[:2] == ["x-ms-request-id: a1", "x-ms-correlation-request-id: b2"]
    assert len(ids) == 3
    assert "\x1b" not in ids[2]


async def test_steps_that_run_side_by_side_do_not_hear_of_one_another() -> None:
    async def send(answer: Answer) -> list[str]:
        with collected_ids() as ids:
            await asyncio.sleep(0)
            hear_ids(answer)
            await asyncio.sleep(0)
        return ids

    arm, github = await asyncio.gather(send(ARM), send(GITHUB))
    assert len(arm) == 2
    assert len(github) == 1
