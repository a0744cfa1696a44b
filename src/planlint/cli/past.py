"""The edges of the pipeline at a Git revision: plans as they were, read with the present configuration."""

import atexit
from collections.abc import Callable
from pathlib import Path as FilePath

from planlint.config import Config
from planlint.history.git import Repository
from planlint.history.plans import Snapshot
from planlint.world import World


def world_at(snapshot: Snapshot, config: Callable[[str], Config]) -> World:
    """Return the edges at a snapshot; the configuration is the present one, so that only plans differ."""

    def content(file: str) -> bytes:
        return snapshot.content(file, config(file).limits.file_size + 1)

    return World(content=content, expand=snapshot.expand, config=config)


class Past:
    """The repositories that the plans of a run stand in, opened once each and closed at the end."""

    def __init__(self, cwd: FilePath, config: Callable[[str], Config]) -> None:
        """Take the working directory and what says which configuration holds for a file."""
        self.cwd = cwd
        self.config = config
        self._repositories: dict[FilePath, Repository] = {}
        self._worlds: dict[tuple[FilePath, str], World] = {}

    def world(self, folder: FilePath, revision: str) -> World:
        """Return the edges at a revision of the repository that a folder stands in.

        Raises:
            UsageError: no Git, no repository, or no such revision in it.
        """
        if folder not in self._repositories:
            self._repositories[folder] = Repository(folder)
            atexit.register(self._repositories[folder].close)
        repository = self._repositories[folder]
        key = (repository.root, repository.commit(revision))
        if key not in self._worlds:
            self._worlds[key] = world_at(Snapshot(repository, revision, str(self.cwd)), self.config)
        return self._worlds[key]
