"""The key of masks: made once for a workspace, or given by the user."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from toolkit.errors import ConfigError, OutputError
from toolkit.storage.atomic import put_if_absent
from toolkit.storage.plain_files import read_plain

KEY_VARIABLE = "SALES_FEED_MASK_KEY"
"""The environment variable for a key: any text of 16 characters or more."""
KEY_FILE = ".mask_key"
_SHORTEST = 16
_LARGEST = 1 << 20


def find_key(data_dir: Path, given: Path | None = None) -> bytes | None:
    """Return the key, 32 bytes: of the environment, else of the `given` file, else of the
    workspace; None where that has none yet.

    Raises ConfigError for a key that is too short, or a file that cannot be read.
    """
    if (text := os.environ.get(KEY_VARIABLE)) is not None:
        return _key(text, f"the environment variable {KEY_VARIABLE}")
    path = given or data_dir / KEY_FILE
    try:
        return _key(read_plain(path, _LARGEST).decode("utf-8"), str(path))
    except FileNotFoundError:
        if given is None:
            return None
        raise ConfigError(f"mask_key={given}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.bad_mask_key(str(path), f"cannot be read ({error})") from None


def find_or_make_key(data_dir: Path, given: Path | None = None) -> bytes:
    """Return the key; makes one for a workspace that has none, in a file that only its owner reads.

    Raises OutputError when it cannot be written.
    """
    known = find_key(data_dir, given)
    if known is not None:
        return known
    path = data_dir / KEY_FILE
    try:
        # If two runs make one at the same time, both use the first.
        put_if_absent(path, f"{secrets.token_hex(32)}\n".encode(), 0o600)
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error
    made = find_key(data_dir)
    if made is None:
        raise AssertionError("the key that was made is not there")
    return made


def fingerprint(key: bytes) -> str:
    """Return a digest that distinguishes keys and reveals nothing else."""
    return hashlib.blake2b(b"the key of masks", key=key, digest_size=8).hexdigest()


def _key(text: str, where: str) -> bytes:
    text = text.strip()
    if len(text) < _SHORTEST:
        raise ConfigError.bad_mask_key(where, f"has fewer than {_SHORTEST} characters")
    return hashlib.sha256(text.encode()).digest()
