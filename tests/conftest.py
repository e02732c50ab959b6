"""What all tests share."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.laws import DEEP
from tests.readonly import Watched
from tui.demo.requestlog import KEPT_IN

LONGEST_ID = 60
TURNS = 20
"""Turns of the loop in which what was cancelled may come to its end."""

settings.register_profile("suite", deadline=None, derandomize=True)  # the same examples each time, however slow the machine
settings.register_profile("search", deadline=None)  # pytest --hypothesis-profile=search: other examples each time
settings.register_profile(DEEP, deadline=None, max_examples=5000)  # pytest -m hypothesis --hypothesis-profile=deep: many
settings.load_profile("suite")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name cases made of bytes or long texts by their argument and number: the workers must all collect the same names."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_ID) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every coroutine test is watched for tasks that it leaves behind: set up before its other fixtures, torn down last."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "no_leaked_tasks")


def pytest_collection_finish() -> None:
    """Leave the modules and the tests themselves out of what is searched for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes what the user's cache directory holds."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


_folder = tempfile.TemporaryDirectory(prefix="trustree-requests-")
_watched = Watched(Path(_folder.name))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture of a test starts a demo: where that writes down what it was asked."""
    os.environ[KEPT_IN] = str(_watched.writing if item.get_closest_marker("writes") else _watched.reading)


@pytest.fixture(autouse=True)
def nothing_is_changed() -> Iterator[None]:
    """Fails a test by which anything but a read left the program, unless it is marked `writes`."""
    yield
    changes = _watched.new_changes()
    assert not changes, f"sent without being allowed to: {', '.join(changes)}"


@pytest.fixture(scope="session", autouse=True)
def nothing_was_changed() -> Iterator[None]:
    """The same of what demos were asked after the last test had ended."""
    yield
    changes = _watched.new_changes()
    os.environ.pop(KEPT_IN, None)
    _folder.cleanup()
    assert not changes, f"sent without being allowed to: {', '.join(changes)}"


@pytest.fixture
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fails a test that ends while a task that it started still runs: nobody would see that one fail."""
    yield
    for _ in range(TURNS):
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0)
    names = sorted(f"{task.get_name()}: {task.get_coro()}" for task in left)
    pytest.fail(f"tasks were left running: {', '.join(names)}", pytrace=False)
