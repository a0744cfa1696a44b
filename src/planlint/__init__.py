"""Lint, schedule and render project plans kept as YAML in Git."""

__version__ = "0.1.0"
