"""A team's conditions in CEL: compiled when a rule is loaded, tried on a specimen, run item by item.

The evaluator stops by itself after some 10,000 steps of iteration and bounds recursion; its patterns run in
linear time. What it cannot bound is kept small here: the length of an expression, what lets values grow in
it, what it sees of an item, and the time that one rule takes in one plan.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from time import monotonic
from typing import Any

from planlint import resources
from planlint.checks.items import Hit
from planlint.errors import ManifestError
from planlint.facts import subjects
from planlint.rule import Context

_LONGEST = 2_000
_MAPS, _SUMS = 3, 8
"""What makes values grow, and how often it may stand in an expression: fifty times their size in all."""
_TEXT = 500
_ENTRIES = 1_000
_LARGEST = 2**63
_SECONDS = 10.0
_ABSENT = "NOT_FOUND"
_TODAY = date(2026, 2, 16)

Test = Callable[[Mapping[str, Any]], bool | None]
"""Says whether an item keeps a condition; None when it has not got what the condition asks about."""


def compiled(expression: object) -> Test:  # noqa: C901 - one way to fail after the other
    """Return an expression as a function of an item's view.

    Raises:
        ManifestError: it is no expression that gives true or false, or CEL is not installed. The function
            raises it where an item's values do not fit, or the expression takes too many steps.
    """
    if not isinstance(expression, str) or len(expression) > _LONGEST:
        raise ManifestError(f"an expression is a text of at most {_LONGEST:,} characters")
    if expression.count("map") > _MAPS or expression.count("+") > _SUMS:
        raise ManifestError(f"an expression has `map` at most {_MAPS} times and `+` at most {_SUMS} times")
    try:
        from cel_expr_python import cel  # noqa: PLC0415 - an extra, and 14 MB
    except ImportError as error:
        raise ManifestError("expressions need the extra cel: pip install 'planlint[cel]'") from error
    environment = cel.NewEnv(variables={"item": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    try:
        program = environment.compile(expression)
        result_type = program.return_type()
    except RuntimeError as error:
        raise ManifestError(_reason(str(error))) from error
    if result_type not in (cel.Type.BOOL, cel.Type.DYN):  # types have no hash
        raise ManifestError("an expression says what holds: its result is true or false")

    def test(view: Mapping[str, Any]) -> bool | None:
        try:
            value = program.eval(data={"item": _cut(view)})
            kind, result = value.type(), value.value()
        except RuntimeError as error:
            raise ManifestError(_reason(str(error))) from error
        except MemoryError as error:
            raise ManifestError("it takes too much memory") from error
        if kind == cel.Type.ERROR:
            if str(result).startswith(_ABSENT):
                return None
            raise ManifestError(_reason(str(result)))
        if not isinstance(result, bool):
            raise ManifestError("an expression says what holds: its result is true or false")
        return result

    return test


def _reason(message: str) -> str:
    """Return the first line of what CEL says, its column in words."""
    line = message.splitlines()[0].removesuffix("]").rpartition(" [")[0] or message.splitlines()[0]
    _, _, rest = line.partition("<input>:")
    if rest:
        row, column, what = rest.split(":", 2)
        return f"line {row}, column {column}: {what.strip()}"
    return line.partition(": ")[2].strip() or line


def _cut(value: Any) -> Any:
    """Return a value as expressions see it: not more of it than can be worked on in bounded memory."""
    if isinstance(value, str):
        return value[:_TEXT]
    if isinstance(value, Mapping):
        return {str(key): _cut(part) for key, part in list(value.items())[:_ENTRIES]}
    if isinstance(value, list | tuple):
        return [_cut(part) for part in value[:_ENTRIES]]
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return float(min(max(value, -_LARGEST), _LARGEST))
    return value


def doubt(expression: object, kinds: Iterable[str]) -> str | None:
    """Try an expression on a specimen of each kind and say what is wrong with it.

    Names that are in no item are found here; at run time an item without a key is an item that has nothing
    to be complained of.
    """
    try:
        test = compiled(expression)
        found = list(_tries(test, [subject for kind in kinds for subject in _specimen(kind)]))
    except ManifestError as error:
        return str(error)
    return None if not found or None in found else found[0]


def _tries(test: Test, views: Sequence[Mapping[str, Any]]) -> Iterator[str | None]:
    """Yield for each view what is wrong, None where the expression gives an answer."""
    for view in views:
        try:
            answer = test(view)
        except ManifestError as error:
            if "budget" in str(error):
                raise
            yield str(error)
        else:
            yield "it asks for a key that no such item has" if answer is None else None


@lru_cache(maxsize=1)
def _specimen_context() -> Context:
    from planlint.builder import build  # noqa: PLC0415 - only where a team has expressions
    from planlint.reader import read  # noqa: PLC0415
    from planlint.schedule import critical_path, network  # noqa: PLC0415

    document, _ = read("specimen.yaml", (resources.RULES / "specimen.yaml").read_bytes())
    if document is None:
        raise ManifestError("planlint's own specimen cannot be read; install it again")
    built = build(document, (), ())
    joined = network.build(built.plan, today=_TODAY)
    return Context(
        plan=built.plan,
        sources=built.sources,
        today=_TODAY,
        network=joined,
        schedule=critical_path.analyse(joined),
    )


def _specimen(kind: str) -> list[Mapping[str, Any]]:
    """Return specimens of a kind as rules see them."""
    return [subject.view for subject in subjects(_specimen_context(), kind)]


def broken(expression: object, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield the items that do not keep an expression.

    Raises:
        ManifestError: an item's values do not fit, or it takes too long.
    """
    test, end = compiled(expression), monotonic() + _SECONDS
    for hit in hits:
        if test(hit.subject.view) is False:
            yield hit
        if monotonic() > end:
            raise ManifestError(f"it takes more than {_SECONDS:g} s in one plan")
