"""What earlier runs found, by the content that they looked at; any doubt about the file means starting anew."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

import msgspec

from planlint import __version__

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
        self._salt = b"\x00".join((__version__.encode(), *salt))
        self._known: dict[bytes, bytes] = {}
        self._used: dict[bytes, bytes] = {}
        self._new = False
        if folder is not None:
            try:
                content = (folder / _FILE).read_bytes()
                self._known = msgspec.msgpack.decode(content, type=dict[bytes, bytes])
            except (OSError, msgspec.DecodeError):
                self._known = {}

    def key(self, files: Sequence[str], contents: Mapping[str, bytes]) -> bytes | None:
        """Return the key of a unit, None where nothing is remembered."""
        if self._folder is None:
            return None
        from hashlib import blake2b  # noqa: PLC0415 - not without a cache

        digest = blake2b(self._salt, digest_size=20)
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
        from tempfile import NamedTemporaryFile  # noqa: PLC0415 - only to write

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / ".gitignore").write_text("*\n", encoding="utf-8")
            with NamedTemporaryFile(dir=self._folder, delete=False) as stream:
                stream.write(msgspec.msgpack.encode(merged))
            FilePath(stream.name).replace(self._folder / _FILE)
        except OSError:
            return
