"""When releases of operating systems and language runtimes get no more security fixes.

The dates are those of https://endoflife.date, which quotes the vendors' pages. A distribution counts as long as fixes come
without a contract: to the end of Debian's LTS, not of Ubuntu's ESM. What is not in the table is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import msgspec

__all__ = ["AS_OF", "SOURCE", "Product", "end_of_life", "newest_release", "parse_product"]

SOURCE = "endoflife.date"
AS_OF = date(2026, 7, 8)
"""When the table was last compared with its source."""


class Product(msgspec.Struct, frozen=True):
    """A release of a product: `name` is a key of the table, `version` as whole as it is known."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{_LABELS.get(self.name, self.name)} {self.version}".strip()


# name: (label, releases with the day on which they end)
_OPERATING_SYSTEMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "debian": (
        "Debian",
        {
            "7": "2018-05-31",
            "8": "2020-06-30",
            "9": "2022-07-01",
            "10": "2024-06-30",
            "11": "2026-08-31",
            "12": "2028-06-30",
            "13": "2030-06-30",
        },
    ),
    "ubuntu": (
        "Ubuntu",
        {
            "14.04": "2019-04-02",
            "16.04": "2021-04-02",
            "18.04": "2023-05-31",
            "19.04": "2020-01-23",
            "19.10": "2020-07-06",
            "20.04": "2025-05-31",
            "20.10": "2021-07-22",
            "21.04": "2022-01-20",
            "21.10": "2022-07-14",
            "22.04": "2027-04-01",
            "22.10": "2023-07-20",
            "23.04": "2024-01-20",
            "23.10": "2024-07-12",
            "24.04": "2029-05-31",
            "24.10": "2025-07-10",
            "25.04": "2026-01-17",
            "25.10": "2026-07-01",
            "26.04": "2031-04-30",
        },
    ),
    "alpine": (
        "Alpine Linux",
        {
            "3.4": "2018-05-01",
            "3.5": "2018-11-01",
            "3.6": "2019-05-01",
            "3.7": "2019-11-01",
            "3.8": "2020-05-01",
            "3.9": "2020-11-01",
            "3.10": "2021-05-01",
            "3.11": "2021-11-01",
            "3.12": "2022-05-01",
            "3.13": "2022-11-01",
            "3.14": "2023-05-01",
            "3.15": "2023-11-01",
            "3.16": "2024-05-23",
            "3.17": "2024-11-22",
            "3.18": "2025-05-09",
            "3.19": "2025-11-01",
            "3.20": "2026-04-01",
            "3.21": "2026-11-01",
            "3.22": "2027-05-01",
            "3.23": "2027-11-01",
        },
    ),
    "azurelinux": ("Azure Linux", {"1": "2023-08-31", "2": "2025-07-31", "3": "2027-08-31"}),
    "rhel": (
        "Red Hat Enterprise Linux",
        {"6": "2020-11-30", "7": "2024-06-30", "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    ),
    "centos": ("CentOS", {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"}),
    "almalinux": ("AlmaLinux", {"8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31"}),
    "rocky": ("Rocky Linux", {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"}),
    "amazonlinux": ("Amazon Linux", {"1": "2023-12-31", "2018": "2023-12-31", "2": "2026-06-30", "2023": "2029-06-30"}),
    "windows": (
        "Windows Server",
        {"2016": "2027-01-12", "2019": "2029-01-09", "2022": "2031-10-14", "2025": "2034-10-10"},
    ),
}
_RUNTIMES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "python": (
        "Python",
        {
            "2.7": "2020-01-01",
            "3.5": "2020-09-30",
            "3.6": "2021-12-23",
            "3.7": "2023-06-27",
            "3.8": "2024-10-07",
            "3.9": "2025-10-31",
            "3.10": "2026-10-31",
            "3.11": "2027-10-31",
            "3.12": "2028-10-31",
            "3.13": "2029-10-31",
            "3.14": "2030-10-31",
        },
    ),
    "nodejs": (
        "Node.js",
        {
            "8": "2019-12-31",
            "10": "2021-04-30",
            "12": "2022-04-30",
            "14": "2023-04-30",
            "16": "2023-09-11",
            "17": "2022-06-01",
            "18": "2025-04-30",
            "19": "2023-06-01",
            "20": "2026-04-30",
            "21": "2024-06-01",
            "22": "2027-04-30",
            "23": "2025-06-01",
            "24": "2028-04-30",
        },
    ),
    # Builds of OpenJDK differ; these are Eclipse Temurin's, which are among the longest.
    "java": (
        "Java",
        {
            "8": "2026-11-30",
            "11": "2027-10-31",
            "16": "2021-09-30",
            "17": "2027-10-31",
            "18": "2022-09-30",
            "19": "2023-03-31",
            "20": "2023-09-19",
            "21": "2029-12-31",
            "22": "2024-09-17",
            "23": "2025-03-18",
        },
    ),
    "dotnet": (
        ".NET",
        {
            "1.0": "2019-06-27",
            "1.1": "2019-06-27",
            "2.0": "2018-10-01",
            "2.1": "2021-08-21",
            "2.2": "2019-12-23",
            "3.0": "2020-03-03",
            "3.1": "2022-12-13",
            "5": "2022-05-10",
            "6": "2024-11-12",
            "7": "2024-05-14",
            "8": "2026-11-10",
            "9": "2026-11-10",
            "10": "2028-11-14",
        },
    ),
    "go": (
        "Go",
        {
            "1.16": "2022-03-15",
            "1.17": "2022-08-02",
            "1.18": "2023-02-01",
            "1.19": "2023-08-08",
            "1.20": "2024-02-06",
            "1.21": "2024-08-13",
            "1.22": "2025-02-11",
            "1.23": "2025-08-12",
        },
    ),
    "php": (
        "PHP",
        {
            "5.6": "2018-12-31",
            "7.0": "2019-01-10",
            "7.1": "2019-12-01",
            "7.2": "2020-11-30",
            "7.3": "2021-12-06",
            "7.4": "2022-11-28",
            "8.0": "2023-11-26",
            "8.1": "2025-12-31",
            "8.2": "2026-12-31",
            "8.3": "2027-12-31",
            "8.4": "2028-12-31",
        },
    ),
    "ruby": (
        "Ruby",
        {
            "2.5": "2021-04-05",
            "2.6": "2022-04-12",
            "2.7": "2023-03-31",
            "3.0": "2024-04-23",
            "3.1": "2025-03-26",
            "3.2": "2026-03-31",
            "3.3": "2027-03-31",
            "3.4": "2028-03-31",
        },
    ),
}
_TABLE = {**_OPERATING_SYSTEMS, **_RUNTIMES}
_LABELS = {name: label for name, (label, _) in _TABLE.items()}
_ENDS = {name: {release: date.fromisoformat(day) for release, day in days.items()} for name, (_, days) in _TABLE.items()}
# What scanners and labels call them: trivy's families (aquasecurity/trivy, pkg/fanal/types), os-release IDs, Red Hat's UBI.
_NAMES = {
    "alma": "almalinux",
    "amazon": "amazonlinux",
    "azure": "azurelinux",
    "cbl-mariner": "azurelinux",
    "mariner": "azurelinux",
    "redhat": "rhel",
    "ubi": "rhel",
}
_VERSION = re.compile(r"\d+(?:\.\d+)*", re.ASCII)


def parse_product(text: str) -> Product | None:
    """An operating system as scanners and hints name it: `debian 12.11`, `redhat 8.9`, `ubi 9`; None when nothing tells."""
    name, _, release = text.strip().lower().partition(" ")
    version = _VERSION.search(release)
    return Product(_NAMES.get(name, name), version[0]) if name and version is not None else None


def end_of_life(product: Product) -> date | None:
    """The day from which a release gets no more fixes; None when the table does not know it."""
    releases, parts = _ENDS.get(product.name, {}), product.version.split(".")
    shortened = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((releases[release] for release in shortened if release in releases), None)


def newest_release(name: str, today: date) -> tuple[Product, date] | None:
    """The release of a product with the longest life ahead, and its end; None when the table knows none that lives."""
    longest = max(_ENDS.get(name, {}).items(), key=lambda item: (item[1], item[0]), default=None)
    return (Product(name, longest[0]), longest[1]) if longest is not None and longest[1] > today else None
