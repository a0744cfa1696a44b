"""Where `schemas/` and `rules/` are: inside the wheel, or at the root of a checkout."""

from pathlib import Path

_PACKAGED = Path(__file__).parent / "_data"
DATA = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[2]
SCHEMAS = DATA / "schemas"
RULES = DATA / "rules"
