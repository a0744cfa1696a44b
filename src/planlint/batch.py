"""A run over many plans: units that know nothing of each other, remembered, spread over processes."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from posixpath import basename, dirname, join, normpath
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from planlint.cache import Cache
from planlint.diagnostics import Result
from planlint.rulesets import Choice

# Each pattern begins where a word begins, so that no text makes it slow.
_FILE = re.compile(rb"(?<![^\s,\[\]{}\"'])[^\s,\[\]{}\"']+\.(?:ya?ml|json)")
_MAIL = re.compile(rb"email[\"']?\s*:\s*[\"']?([^\s,\"'}]+)")
_ID = re.compile(rb"id[\"']?\s*:\s*[\"']?([a-z0-9][a-z0-9_-]*)")
_ID_SIGNS = b"abcdefghijklmnopqrstuvwxyz0123456789_-"
_DEEPEST = 16
_CHUNK = 64


class Unit(Struct, frozen=True):
    """Plans that are checked together, since they may share people or wait for each other.

    `contents` has the bytes of the plans and of what they include, by path. `certain` is False when what
    belongs to it depends on more than these bytes (a glob, Git): then nothing is remembered.
    """

    files: tuple[str, ...]
    contents: Mapping[str, bytes]
    certain: bool


def units(
    files: Sequence[str], content: Callable[[str], bytes], near: Callable[[str, str], bool]
) -> Iterator[Unit]:
    """Split files into units without parsing them; rather too few units than one too many.

    `content` returns a file's bytes or raises OSError; `near` says whether a file that a plan seems to
    include may be read on its behalf: it is in the plan's repository, and no link.

    Two plans are in one unit when they name the same file (to include it), the same e-mail address, or one
    names the other's id before a slash.
    """
    groups = _Groups(files)
    told = {file: _Signals.of(file, content, near) for file in files}
    ids: dict[bytes, list[str]] = {}
    for file, signals in told.items():
        for name in signals.ids:
            ids.setdefault(name, []).append(file)
    first: dict[Any, str] = {}
    for file, signals in told.items():
        for key in signals.shared:
            groups.join(file, first.setdefault(key, file))
        for name in signals.named & ids.keys():
            for other in ids[name]:
                groups.join(file, other)
    for members in groups.all():
        contents: dict[str, bytes] = {}
        for file in members:
            contents |= told[file].contents
        yield Unit(tuple(members), contents, all(told[file].certain for file in members))


class _Groups:
    """Union-find over files, keeping their order."""

    def __init__(self, files: Iterable[str]) -> None:
        self._parent = {file: file for file in files}

    def _root(self, file: str) -> str:
        while self._parent[file] != file:
            self._parent[file] = file = self._parent[self._parent[file]]
        return file

    def join(self, one: str, other: str) -> None:
        """Put two files into one group."""
        self._parent[self._root(one)] = self._root(other)

    def all(self) -> Iterable[list[str]]:
        """Return the groups."""
        found: dict[str, list[str]] = {}
        for file in self._parent:
            found.setdefault(self._root(file), []).append(file)
        return found.values()


class _Signals(Struct, frozen=True):
    """What the bytes of a plan and of its fragments tell about other plans."""

    shared: frozenset[Any]
    named: frozenset[bytes]
    ids: frozenset[bytes]
    contents: Mapping[str, bytes]
    certain: bool

    @classmethod
    def of(cls, file: str, content: Callable[[str], bytes], near: Callable[[str, str], bool]) -> "_Signals":
        """Read a plan and everything it may include."""
        contents: dict[str, bytes] = {}
        shared: set[Any] = set()
        certain = True
        waiting = [(file, 0)]
        while waiting:
            name, depth = waiting.pop()
            if name in contents or depth > _DEEPEST:
                continue
            if name != file and not near(file, name):
                certain = False
                continue
            try:
                text = contents[name] = content(name)
            except (OSError, ValueError):
                continue
            if name != file:
                shared.add(name)
            for mail in _MAIL.findall(text):
                odd = b"\\" in mail or mail[:1] in b"*&!|>"
                shared.add(b"@" if odd else mail)
            if b"include" in text:
                named = [part.decode(errors="replace") for part in _FILE.findall(text)]
                if not named or any(mark in text for mark in (b"*.", b"?", b"/*", b"\\")):
                    shared.add("?")
                    certain = False
                waiting += ((normpath(join(dirname(name), part)), depth + 1) for part in named)
            certain = certain and b"baseline" not in text
        whole = b"\n".join(contents.values())
        stem = basename(file).partition(".")[0]
        own = basename(dirname(file)) if stem == "plan" else stem
        return cls(
            frozenset(shared),
            frozenset(_before_slashes(whole)),
            frozenset(_ID.findall(whole)) | {own.encode()},
            contents,
            certain,
        )


def _before_slashes(text: bytes) -> Iterator[bytes]:
    """Yield what stands before each slash as far as it could be an id."""
    *parts, _ = text.split(b"/")
    for part in parts:
        yield part[len(part.rstrip(_ID_SIGNS)) :]


class Job(Struct, frozen=True):
    """What a worker needs to check units: how to make its world, and what the command line says."""

    world: Callable[[], Any]
    choice: Choice
    today: date


class Worker:
    """Checks units one after the other; what does not depend on the plans is worked out once."""

    def __init__(self, job: Job) -> None:
        """Make the world; a run that remembers all does not come here."""
        from planlint.engine import Rulesets  # noqa: PLC0415 - as said

        self._job = job
        self._world, self._rulesets = job.world(), Rulesets(job.choice)

    def lint(self, files: Sequence[str]) -> Result:
        """Check the plans of one unit."""
        from planlint.engine import lint  # noqa: PLC0415 - as above

        job = self._job
        return lint(files, self._world, choice=job.choice, today=job.today, rulesets=self._rulesets)


_worker: list[Worker] = []
"""The worker of this process, where it is one of several."""


def _begin(job: Job) -> None:
    import signal  # noqa: PLC0415 - only for several processes

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it, and ends the others
    _worker[:] = [Worker(job)]


def _encoded(chunk: Sequence[Sequence[str]]) -> list[bytes]:
    return [msgspec.msgpack.encode(_worker[0].lint(files)) for files in chunk]


def run(
    chosen: Sequence[Unit], job: Job, *, jobs: int, cache: Cache, tick: Callable[[int], None] = lambda _: None
) -> Result:
    """Check every unit, from memory where nothing has changed; the result does not depend on `jobs`."""
    keys = [cache.key(unit.files, unit.contents) if unit.certain else None for unit in chosen]
    found: dict[int, Result] = {}
    for number, key in enumerate(keys):
        known = _decoded(cache.get(key)) if key else None
        if known is not None:
            found[number] = known
            tick(len(chosen[number].files))
    missing = [number for number in range(len(chosen)) if number not in found]
    try:
        for number, result, written in _checked(chosen, missing, job, jobs):
            found[number] = result
            key = keys[number]
            if key:
                cache.put(key, written or msgspec.msgpack.encode(result))
            tick(len(chosen[number].files))
    finally:
        cache.save()  # an interrupted run need not begin anew
    return merge((found[number] for number in sorted(found)), job.today)


def _decoded(written: bytes | None) -> Result | None:
    try:
        return msgspec.msgpack.decode(written, type=Result) if written else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _checked(
    chosen: Sequence[Unit], missing: Sequence[int], job: Job, jobs: int
) -> Iterator[tuple[int, Result, bytes]]:
    """Yield number and result of each missing unit, and the result encoded where that was done."""
    size = max(1, min(_CHUNK, -(-len(missing) // max(jobs, 1))))
    chunks = [missing[at : at + size] for at in range(0, len(missing), size)]
    if jobs <= 1 or len(chunks) <= 1:
        if not missing:
            return
        worker = Worker(job)
        for number in missing:
            yield number, worker.lint(chosen[number].files), b""
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - only for several processes

    pool = ProcessPoolExecutor(min(jobs, len(chunks)), initializer=_begin, initargs=(job,))
    try:
        work = [[chosen[number].files for number in numbers] for numbers in chunks]
        for numbers, texts in zip(chunks, pool.map(_encoded, work), strict=True):
            for number, text in zip(numbers, texts, strict=True):
                yield number, msgspec.msgpack.decode(text, type=Result), text
    finally:
        pool.shutdown(cancel_futures=True)


def merge(results: Iterable[Result], today: date) -> Result:
    """Join results into one, in the order of paths and positions."""
    parts = list(results)
    # A configuration says the same to every unit.
    found = {(d.location, d.rule, d.message): d for part in parts for d in part.diagnostics}
    return Result(
        today=today,
        plans=tuple(sorted((plan for part in parts for plan in part.plans), key=lambda plan: plan.path)),
        diagnostics=tuple(found[key] for key in sorted(found)),
        files=sum(part.files for part in parts),
        suppressed=sum(part.suppressed for part in parts),
    )


def shard(chosen: Sequence[Unit], number: int, count: int) -> list[Unit]:
    """Return the units of one of `count` machines: the same plan always goes to the same one."""
    from zlib import crc32  # noqa: PLC0415 - only for shards

    return [unit for unit in chosen if crc32(min(unit.files).encode()) % count == number - 1]


def with_texts(result: Result, content: Callable[[str], bytes]) -> Result:
    """Add the lines of the files that diagnostics point into."""
    from planlint.document import unread  # noqa: PLC0415 - only for formats that show lines

    shown = {d.location.path for d in result.diagnostics}
    shown |= {other.location.path for d in result.diagnostics for other in d.related}
    texts: dict[str, Sequence[str]] = {}
    for file in sorted(shown):
        try:
            texts[file] = unread(file, content(file)).lines()
        except OSError:
            continue
    return replace(result, texts=texts)


def cores() -> int:
    """Return how many processes this machine can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
