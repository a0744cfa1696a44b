"""What earlier runs found, by the content that they looked at; a doubtful file means starting anew."""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

import msgspec

from planlint import __version__, atomic, resources
from planlint.digests import blake2b

_MOST = 64_000_000
"""Bytes of remembered results; past that only what this run used is kept."""
_FILE = "results.msgpack"


class Cache:
    """Encoded results by key, in one file that is replaced as a whole.

    Two runs at once each write their own file; the later one wins and nothing is lost but time. Nothing that
    goes wrong with the file (full disk, no permission, other content) is ever an error.
    """

    def __init__(self, folder: FilePath | None, salt: Sequence[bytes]) -> None:
        """Use a folder, or nothing at all; `salt` is all that matters beside the plans' own content."""
        self._folder = folder
        self._salt = b"" if folder is None else b"\x00".join((__version__.encode(), sources(), *salt))
        self._known: dict[bytes, bytes] = {}
        self._used: dict[bytes, bytes] = {}
        self._new = False
        if folder is not None:
            try:
                self._known = msgspec.msgpack.decode(_content(folder / _FILE), type=dict[bytes, bytes])
            except (OSError, msgspec.DecodeError, RecursionError):
                self._known = {}

    def key(self, files: Sequence[str], contents: Mapping[str, bytes]) -> bytes | None:
        """Return the key of a unit, None where nothing is remembered."""
        if self._folder is None:
            return None
        digest = blake2b(len(self._salt).to_bytes(8) + self._salt, digest_size=20)
        for name in files:
            digest.update(b"\x01" + os.fsencode(name))
        for name, content in sorted(contents.items()):
            digest.update(b"\x02" + os.fsencode(name) + b"\x00" + len(content).to_bytes(8) + content)
        return digest.digest()

    def get(self, key: bytes) -> bytes | None:
        """Return what is remembered under a key."""
        found = self._known.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def put(self, key: bytes, result: bytes) -> None:
        """Remember a result."""
        self._used[key] = result
        self._new = True

    def save(self) -> None:
        """Write what is new, as far as that is possible."""
        if self._folder is None or not self._new:
            return
        merged = {**self._known, **self._used}
        if sum(map(len, merged.values())) > _MOST:
            merged = self._used
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(self._folder / ".gitignore"):
                atomic.write(str(self._folder / ".gitignore"), b"*\n")
            atomic.write(str(self._folder / _FILE), msgspec.msgpack.encode(merged))
        except OSError:
            return


def _content(file: FilePath) -> bytes:
    """Return the bytes of a regular file; never wait for a pipe, never take in more than was ever written.

    Raises:
        OSError: it is missing, or something else stands in its place.
    """
    with os.fdopen(os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(0, "it is no regular file")
        return stream.read(4 * _MOST)


def sources() -> bytes:
    """Return what changes when planlint itself does, in a checkout; a wheel has its version for that."""
    if resources.PACKAGED:
        return b""
    home = os.path.dirname(__file__)  # noqa: PTH120 - strings: some hundred files
    told = []
    for folder, _, files in os.walk(home):
        for name in files:
            if name.endswith((".py", ".j2")):
                about = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - as above
                told.append((name, about.st_mtime_ns, about.st_size))
    return repr(sorted(told)).encode()
