"""The plans on disk and their configurations, as every command sees them."""

import os
import stat
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path as FilePath
from typing import Any

import click

from planlint.config import Config, ConfigError, load, nearest
from planlint.discovery import discover, find_root
from planlint.includes import expander
from planlint.reader import Limits
from planlint.rulesets import Catalogue
from planlint.rulesets import load as load_catalogue
from planlint.world import World


class Workspace:
    """The working directory: which plan files there are, what is in them, which configuration holds.

    Paths are shown relative to `cwd`, with `/`. Nothing outside the repository that a file stands in is read
    on its behalf.
    """

    def __init__(self, cwd: FilePath | None = None) -> None:
        """Take the working directory."""
        self.cwd = (cwd or FilePath.cwd()).absolute()
        self.catalogue: Catalogue = load_catalogue()
        self._configs: dict[FilePath, Config] = {}
        self._default = Config(catalogue=self.catalogue)
        self._roots: dict[FilePath, FilePath | None] = {}
        self._given: dict[str, bytes] = {}
        self._read: dict[str, bytes] = {}
        self._by_folder: dict[str, Config] = {}
        self._past: Any = None

    def show(self, file: FilePath) -> str:
        """Return how a path is shown to the user."""
        return os.path.relpath(file, self.cwd).replace(os.sep, "/")

    def root(self, folder: FilePath) -> FilePath | None:
        """Return the repository that a folder is in."""
        if folder not in self._roots:
            found = find_root(str(folder))
            self._roots[folder] = FilePath(found) if found else None
        return self._roots[folder]

    def config_in(self, folder: FilePath) -> Config:
        """Return the configuration that holds in a folder."""
        if folder not in self._configs:
            root = self.root(folder)
            file = nearest(folder, root)
            if file is None:
                config = self._default
            elif file.parent != folder:
                config = self.config_in(file.parent)
            else:
                config = load(file, root, self.catalogue, self.show)
            self._configs[folder] = config
        return self._configs[folder]

    def config(self, file: str) -> Config:
        """Return the configuration that holds for a plan file."""
        folder = os.path.dirname(file)  # noqa: PTH120 - asked several times a plan
        if folder not in self._by_folder:
            self._by_folder[folder] = self.config_in(FilePath(os.path.normpath(self.cwd / folder)))
        return self._by_folder[folder]

    def files(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Return the plan files that the paths of a command line stand for.

        Raises:
            UsageError: a path does not exist.
        """
        config = self.config_in(self.cwd)
        found = discover(
            paths,
            cwd=str(self.cwd),
            include=config.include,
            exclude=config.exclude,
            base=str(config.folder) if config.folder else None,
        )
        return tuple(file.shown for file in found)

    def stand_in(self, name: str, content: bytes) -> None:
        """Let `content` stand for a file that need not exist, such as standard input."""
        self._given[name] = content

    def content(self, file: str) -> bytes:
        """Return the bytes of a regular file, or of as much as shows that it is too large; read once a run.

        Raises:
            OSError: it is missing, unreadable or no regular file.
        """
        if file in self._given:
            return self._given[file]
        if file in self._read:
            return self._read[file]
        try:
            limit = self.config(file).limits.file_size
        except ConfigError:  # its own lines are still to be shown
            limit = Limits().file_size
        content = self._read[file] = _regular(os.path.join(self.cwd, file), limit + 1)  # noqa: PTH118 - as above
        return content

    def near(self, file: str, other: str) -> bool:
        """Whether `other` may be read for the plan `file`: inside its repository, by its real name."""
        folder = (self.cwd / file).parent
        home = os.path.realpath(self.root(folder) or folder)
        path = os.path.realpath(self.cwd / other)
        named = FilePath(os.path.realpath(self.cwd), os.path.normpath(other))
        return path.startswith(home + os.sep) and path == str(named)

    def expand(self, file: str, entry: str) -> Sequence[str]:
        """Return the files of an `include` entry, in the repository or, without one, the plan's folder."""
        folder = (self.cwd / file).parent
        return expander(self.root(folder) or folder)(file, entry)

    def digest(self, files: Sequence[str]) -> bytes:
        """Return a checksum of the rules, the configurations that hold for `files`, and what is installed.

        Raises:
            ConfigError: one of them is wrong.
        """
        from zlib import crc32  # noqa: PLC0415 - only for the cache

        configs = {id(config): config for config in map(self.config, files)}.values()
        texts = sorted((shown, one.text) for config in configs for shown, one in config.documents.items())
        installed = [find_spec(name) for name in ("ortools", "numpy", "cel_expr_python", "holidays")]
        extras = [os.stat(one.origin).st_mtime_ns if one and one.origin else None for one in installed]  # noqa: PTH116
        return repr((self.catalogue.digest, crc32(repr(texts).encode()), len(repr(texts)), extras)).encode()

    @property
    def repeatable(self) -> bool:
        """Whether the same plans have the same result: no check of another package's, which may change."""
        own = {"schema", "expression", "stage"}
        modules = {rule.check.partition(".")[0] for rule in self.catalogue.rules.values()} - own
        checks = FilePath(__file__).parents[1] / "checks"
        return all((checks / f"{name}.py").is_file() for name in modules)

    def cache_folder(self, chosen: str | None) -> FilePath:
        """Return where results are remembered: never inside the repository, whose files strangers send."""
        from zlib import crc32  # noqa: PLC0415 - only for the cache

        if chosen is not None:
            return self.cwd / chosen
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
        return FilePath(base, "planlint", f"{crc32(os.fsencode(self.cwd)):08x}")

    def world(self) -> World:
        """Return the edges of the pipeline on this disk."""
        return World(content=self.content, expand=self.expand, config=self.config, at=self.at)

    def at(self, file: str, revision: str) -> World:
        """Return the edges at a revision of the repository that a file stands in.

        Raises:
            UsageError: no Git, no repository, or no such revision in it.
        """
        from planlint.cli.past import Past  # noqa: PLC0415 - only where history is asked for

        if self._past is None:
            self._past = Past(self.cwd, self.config)
        world: World = self._past.world((self.cwd / file).parent, revision)
        return world


def _regular(path: str, most: int) -> bytes:
    """Return the first bytes of a file; never wait for a pipe's other end, ask for no more than is there.

    Raises:
        OSError: it is missing, unreadable or no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is no regular file")
        most = min(about.st_size + 1, most)
        content = b""
        while len(content) < most and (part := os.read(descriptor, most - len(content))):
            content += part
        return content
    finally:
        os.close(descriptor)


def disk(workspace: Workspace) -> World:
    """Return a workspace's world; a function of its own, so that a process can be told to make it."""
    return workspace.world()


def parse_day(ctx: click.Context, parameter: click.Parameter, value: str | None) -> date:
    """Turn `--today` into a date."""
    del ctx, parameter
    if value is None:
        return date.today()  # noqa: DTZ011 - the day where the user is
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"'{value}' is no date; write one such as 2026-02-16") from None
