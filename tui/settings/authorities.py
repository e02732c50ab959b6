"""Files of certificates that the environment names, which packages read by themselves."""

from __future__ import annotations

import os
from pathlib import Path

from tui.errors import UsageError
from tui.private_files import NO_REGULAR, check_regular

__all__ = ["check_authorities"]


def check_authorities() -> None:
    """Packages read these files as they are loaded: see that it ends. Raises UsageError."""
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = Path(os.environ.get(variable, "") or os.devnull)
        try:
            if not path.is_dir():  # some take a directory, others say that it is none
                check_regular(path)
        except OSError as error:
            if error.strerror == NO_REGULAR:
                raise UsageError(
                    f"{variable}: {path} is not a regular file.", f"Name a file of certificates in {variable}."
                ) from error
