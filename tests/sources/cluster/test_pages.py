"""Pages of a list come and go in memory that the process keeps."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from tui.sources.cluster.pages import keep_memory_of_pages

def read_pages(number):
    for _ in range(number):
        pages = [bytearray(b"x") * (4 << 20) for _ in range(3)]
        del pages

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

keep_memory_of_pages()
read_pages(2)
before = faults()
read_pages(10)
print((faults() - before) * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc is what is told to keep memory")
def test_the_memory_of_pages_is_not_given_back_between_them() -> None:
    output = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=60)
    # Ten times twelve megabytes would come anew otherwise.
    assert int(output.stdout) < 12 << 20
