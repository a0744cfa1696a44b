"""The errors planlint raises on purpose; everything else that escapes is a bug."""


class PlanlintError(Exception):
    """Base of planlint's own errors."""


class UsageError(PlanlintError):
    """Wrong use or configuration: nothing was checked, exit code 2."""


class ManifestError(PlanlintError):
    """A rule of a team's cannot run as it is written; shown at its place in the manifest."""


class RuleError(PlanlintError):
    """A rule crashed or its manifest is wrong: never counts as clean, exit code 3."""

    def __init__(self, rule: str, message: str) -> None:
        """Say which rule failed and how."""
        super().__init__(f"rule {rule}: {message}")
        self.rule = rule
