"""Change each condition of each rule in turn and see whether the rule's own examples notice.

Run as `python tests/mutate_rules.py [RULE …]`; it prints the mutants that survived and the share that was caught.
Declarative conditions lose or negate one part at a time: an entry of `where`, a keyword of a schema, a bound.
Of a coded check, each comparison, `and`/`or`/`not` and each condition of an `if` is turned round.
Stages (reading, schema, references) have tests of their own and are left out.
"""

import ast
import copy
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from planlint import checks, resources
from planlint.reader import read
from planlint.rule import Rule
from planlint.rule_examples import doubts, examples
from planlint.rulesets import Catalogue, load

ENOUGH = 0.95
_BOUNDS = {
    "minimum": "exclusiveMinimum",
    "exclusiveMinimum": "minimum",
    "maximum": "exclusiveMaximum",
    "exclusiveMaximum": "maximum",
}
_SUBSCHEMAS = ("not", "if", "then", "else", "items", "contains")
_LISTS = ("allOf", "anyOf", "oneOf")


def schema_mutants(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield a schema with one condition dropped or moved, and what was done."""
    if isinstance(schema, bool):
        yield f"{schema} turned round", not schema
        return
    inside: list[tuple[tuple[Any, ...], Any]]
    for key, value in schema.items():
        if key == "properties":
            inside = [((name,), part) for name, part in value.items()]
        elif key in _LISTS:
            inside = [((number,), part) for number, part in enumerate(value)]
        elif key in _SUBSCHEMAS:
            inside = [((), value)]
        else:
            yield from keyword_mutants(schema, key, value)
            continue
        for path, part in inside:
            for what, changed in schema_mutants(part):
                yield f"{'.'.join(map(str, (key, *path)))}: {what}", replaced(schema, (key, *path), changed)


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return `value` with `new` at `path`."""
    if not path:
        return new
    first, *rest = path
    changed = copy.copy(value)
    changed[first] = replaced(value[first], tuple(rest), new)
    return changed


def keyword_mutants(schema: Mapping[str, Any], key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a schema with one keyword dropped, moved, or made smaller."""
    rest = {name: part for name, part in schema.items() if name != key}
    if key in {"required", "enum"}:
        for one in value:
            if one != "computed":  # it is always there
                yield f"{key} {one} dropped", {**rest, key: [other for other in value if other != one]}
        return
    yield f"{key} {value} dropped", rest
    if key in _BOUNDS and _BOUNDS[key] not in schema:
        yield f"{key} {value} moved", {**rest, _BOUNDS[key]: value}
    if key in {"minItems", "maxItems"}:
        yield f"{key} {value} moved", {**schema, key: value + 1}


def rule_mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield a rule with one of its declarative conditions changed."""
    for number, part in enumerate(rule.where):
        others = (*rule.where[:number], *rule.where[number + 1 :])
        yield f"where[{number}] dropped", msgspec.structs.replace(rule, where=others)
        yield f"where[{number}] negated", msgspec.structs.replace(rule, where=(*others, {"not": part}))
        for what, changed in schema_mutants(part):
            where = (*rule.where[:number], changed, *rule.where[number + 1 :])
            yield f"where[{number}] {what}", msgspec.structs.replace(rule, where=where)
    if rule.check == "schema":
        for what, changed in schema_mutants(rule.params["schema"]):
            yield f"schema {what}", msgspec.structs.replace(rule, params={"schema": changed})
    for key, value in rule.params.items() if rule.check != "schema" else ():
        for one in value if isinstance(value, list | Mapping) and len(value) > 1 else ():
            left = [other for other in value if other != one]
            changed = {name: value[name] for name in left} if isinstance(value, Mapping) else left
            yield f"{key}: {one} dropped", msgspec.structs.replace(rule, params={**rule.params, key: changed})
    for kind in rule.given if len(rule.given) > 1 else ():
        given = tuple(one for one in rule.given if one != kind)
        yield f"given {kind} dropped", msgspec.structs.replace(rule, given=given)


class Turned(ast.NodeTransformer):
    """Turn the condition of one number round; `done` says which."""

    _OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
        ast.Lt: ast.LtE,
        ast.LtE: ast.Lt,
        ast.Gt: ast.GtE,
        ast.GtE: ast.Gt,
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
        ast.In: ast.NotIn,
        ast.NotIn: ast.In,
        ast.Is: ast.IsNot,
        ast.IsNot: ast.Is,
    }

    def __init__(self, wanted: int) -> None:
        self.wanted, self.count, self.done = wanted, -1, ""

    def visit_If(self, node: ast.If) -> ast.AST:
        self.count += 1
        if self.count == self.wanted:
            self.done = f"if {ast.unparse(node.test)} negated"
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.count += 1
        if self.count == self.wanted and len(node.ops) == 1:
            self.done = f"{ast.unparse(node)} turned round"
            node.ops = [self._OPPOSITE[type(node.ops[0])]()]
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.count += 1
        if self.count == self.wanted and not no_condition(node):
            self.done = f"{ast.unparse(node)} joined otherwise"
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return self.generic_visit(node)


def no_condition(node: ast.BoolOp) -> bool:
    """Whether it only keeps None away from the rest, as types ask for, or stands for what is absent."""
    *_, last = node.values
    return any("None" in ast.unparse(part) for part in node.values) or isinstance(
        last, ast.Constant | ast.Tuple
    )


def code_mutants(name: str) -> Iterator[tuple[str, Any]]:
    """Yield a check's function with one condition turned round, and what was done."""
    function: Any = checks.lookup(name)
    module = inspect.getmodule(function)
    assert module is not None
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    number = 0
    while True:
        turned = Turned(number)
        changed = ast.fix_missing_locations(turned.visit(copy.deepcopy(tree)))
        if number > turned.count:
            return
        number += 1
        if not turned.done or turned.done.startswith("if context.") or " is None" in turned.done:
            continue  # guards of what `needs` has promised
        space = dict(vars(module))
        exec(compile(changed, module.__file__ or "", "exec"), space)
        yield turned.done, space[function.__name__]


def manifest(rule: Rule) -> Mapping[str, Any]:
    file = resources.RULES / rule.origin
    document, _ = read(rule.origin, file.read_bytes())
    assert document is not None
    data: Mapping[str, Any] = document.data
    return data


def caught(rule: Rule, catalogue: Catalogue, data: Mapping[str, Any]) -> bool:
    """Whether an example of the rule is not as it says, or cannot even be run."""
    changed = Catalogue({**catalogue.rules, rule.name: rule}, catalogue.packs)
    try:
        return any(reason for one in examples(rule.name, data) for reason in doubts(one, changed))
    except Exception:  # noqa: BLE001 - a mutant that crashes is caught
        return True


@contextmanager
def standing_in(check: str, function: Any) -> Iterator[None]:
    """Let `function` run wherever a rule names `check`."""
    lookup = checks.lookup
    checks.lookup = lambda name: function if name == check else lookup(name)  # type: ignore[assignment]
    try:
        yield
    finally:
        checks.lookup = lookup


def run(rules: list[Rule], catalogue: Catalogue) -> tuple[int, list[tuple[str, str]]]:
    """Return how many mutants there were, and which survived.

    A check that several rules share is changed once, and all of them look.

    Raises:
        SystemExit: examples fail although nothing was changed, so that they would prove nothing.
    """
    count, survivors = 0, []
    manifests = {rule.name: manifest(rule) for rule in rules}
    by_check: dict[str, list[Rule]] = {}
    for rule in rules:
        if caught(rule, catalogue, manifests[rule.name]):
            raise SystemExit(f"{rule.name}: its examples fail before anything is changed")
        for what, mutant in rule_mutants(rule):
            count += 1
            if not caught(mutant, catalogue, manifests[rule.name]):
                survivors.append((rule.name, what))
        if rule.check not in checks.BUILT_IN:
            by_check.setdefault(rule.check, []).append(rule)
    for check, sharing in by_check.items():
        for what, function in code_mutants(check):
            count += 1
            with standing_in(check, function):
                if not any(caught(rule, catalogue, manifests[rule.name]) for rule in sharing):
                    survivors.append((check, what))
    return count, survivors


def main(names: list[str]) -> int:
    catalogue = load()
    rules = [
        rule
        for rule in catalogue.rules.values()
        if rule.check != "stage" and (not names or rule.name in names or rule.category in names)
    ]
    count, survivors = run(rules, catalogue)
    for rule, what in survivors:
        sys.stdout.write(f"{rule:<36} {what}\n")
    share = 1 - len(survivors) / count
    sys.stdout.write(
        f"{count} mutants of {len(rules)} rules, {len(survivors)} survived: {share:.1%} caught\n"
    )
    return int(share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
