"""Where `schemas/` and `rules/` are: inside the wheel, or at the root of a checkout."""

from pathlib import Path

_INSIDE = Path(__file__).parent / "_data"
PACKAGED = _INSIDE.is_dir()
DATA = _INSIDE if PACKAGED else Path(__file__).parents[2]
SCHEMAS = DATA / "schemas"
RULES = DATA / "rules"
