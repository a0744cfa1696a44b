"""The edges of the pipeline; apart from it, since a run that remembers all results does not load it."""

from collections.abc import Callable

from msgspec import Struct

from planlint.config import Config
from planlint.includes import Expand


class World(Struct, frozen=True):
    """The edges of the pipeline, so that plans can come from disk, from Git or from a string.

    `content` returns a file's bytes or raises OSError; `expand` names the files that an `include` entry of a
    file stands for; `config` returns the configuration that holds for a file. `at` returns the edges at a
    revision of the repository that a file stands in, or raises UsageError; None where there is no history.
    """

    content: Callable[[str], bytes]
    expand: Expand
    config: Callable[[str], Config]
    at: Callable[[str, str], "World"] | None = None
