"""Packages that import a third one, whose modules import each other, are imported one after the other."""

from __future__ import annotations

import subprocess
import sys

IMPORTING = """
import threading
from importlib.util import find_spec
from tui.packages import load_package
names = ("kubernetes.aio.client", "azure.identity.aio", "tui.sources.registry.sdk_transport", "kubernetes.aio.client")
if find_spec("sigstore"):
    names += ("sigstore.verify",)
failures = []
def load(name):
    try:
        load_package(name)
    except ImportError as error:
        failures.append(error)
threads = [threading.Thread(target=load, args=(name,)) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failures, failures
"""


def test_packages_that_share_a_third_one_can_be_wanted_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
