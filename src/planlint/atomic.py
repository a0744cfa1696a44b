"""Files that are replaced as a whole: a reader sees the old one or the new one, never half of it."""

import os
from contextlib import suppress

# os.path and os.open on strings: pathlib would be loaded for a run that has nothing to write.
# ruff: noqa: PTH105, PTH108


def write(path: str, content: bytes) -> None:
    """Write a file beside its place and move it there; a link in its place is replaced, not followed.

    What was begun is taken away again on every failure and interrupt.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    beside = f"{path}.planlint-{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(beside, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
