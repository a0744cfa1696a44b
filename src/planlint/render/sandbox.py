"""Jinja2 for templates that nobody has reviewed: what they may touch, how much they may do, where they fail.

Jinja2's own sandbox keeps templates away from the interpreter, but lets them take all time and memory. Here
every loop, call and piece of text counts against a budget, and only data fields can be read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

from jinja2 import FunctionLoader, TemplateError, TemplateNotFound, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer
from msgspec import Struct

from planlint.errors import UsageError
from planlint.model import Plan
from planlint.render.escaping import Safe, markdown
from planlint.render.words import Language

BUILT_IN = Path(__file__).parent / "templates"
MOST_STEPS = 1_000_000
_A_CALL, _AN_INCLUDE = 5, 1000
MOST_TEXT = 8_000_000
MOST_VALUE = 1_000_000
MOST_TEMPLATE = 256_000

_FILTERS = (
    "abs count default first float groupby int items last length list lower map max min reject rejectattr "
    "reverse round select selectattr sort title trim unique upper"
)
_METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (str, frozenset({"startswith", "endswith", "lower", "upper", "strip"})),
    (Mapping, frozenset({"items", "keys", "values", "get"})),
)
_TESTS = ("callable", "filter", "test")


class OverdrawnError(SecurityError):
    """A template did more than it may."""


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment for one page in one language; its budget is used up by what its templates do."""

    intercepted_binops = frozenset({"+", "*", "**", "%", "//", "/", "-"})

    def __init__(self, language: Language, folder: Path | None) -> None:
        """Take the built-in templates, each replaced by the one of the same name in `folder`."""
        self._folder = folder
        super().__init__(
            loader=FunctionLoader(self._source),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            finalize=self._finalize,
            auto_reload=False,
        )
        self._language = language
        self.filters = {name: self._bounded(self.filters[name]) for name in _FILTERS.split()}
        self.filters["join"] = self._bounded(self._join)
        for name in _TESTS:
            del self.tests[name]
        self.globals = {"range": self._range, "namespace": Namespace}
        self.reset()

    def reset(self) -> None:
        """Give the next page its own budget."""
        self._steps = self._text = 0

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        for folder in (self._folder, BUILT_IN):
            path = folder / name if folder else None
            if path is not None and path.is_file() and not path.is_symlink() and path.name == name:
                try:
                    text = path.read_bytes()[: MOST_TEMPLATE + 1].decode("utf-8")
                except UnicodeDecodeError as error:
                    raise UsageError(f"{path}: the template is not UTF-8 (byte {error.start})") from None
                if len(text) > MOST_TEMPLATE:
                    raise UsageError(f"{path}: the template has more than {MOST_TEMPLATE:,} characters")
                return text, str(path), lambda: True
        return None

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return what a template writes.

        Raises:
            UsageError: the template is wrong; the message names its file and line.
        """
        try:
            return self.get_template(name).render(values)
        except TemplateNotFound as error:
            raise UsageError(f"{self._where(error, name)}there is no template '{error.name}'") from None
        except TemplateError as error:
            raise UsageError(self._where(error, name) + (error.message or "the template is wrong")) from None
        except RecursionError as error:
            raise UsageError(
                self._where(error, name) + "templates or macros call each other without end"
            ) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise UsageError(f"{self._where(error, name)}{error}") from None

    def _where(self, error: BaseException, name: str) -> str:
        """Return file and line of the template that failed, the innermost one."""
        filename = getattr(error, "filename", None)
        if filename is not None:
            return f"{filename}:{getattr(error, 'lineno', 1)}: "
        place, trace = name, error.__traceback__
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if file.endswith(".md.j2"):
                place = f"{file}:{trace.tb_lineno}"
            trace = trace.tb_next
        return f"{place}: "

    # What templates may touch

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow the fields of plan data, what loops say, and a few methods of texts and mappings."""
        if attr.startswith("_"):
            return False
        match obj:
            case Struct():
                return isinstance(obj, Plan) or not callable(value)
            case LoopContext() | Namespace():
                return True
            case tuple():
                return attr in (*getattr(obj, "_fields", ()), "over", "shape")
            case date():
                return attr in {"year", "month", "day"}
        return any(isinstance(obj, kind) and attr in names for kind, names in _METHODS)

    def wrap_str_format(self, value: Any) -> None:
        """Leave `str.format` to `is_safe_attribute`, which refuses it."""

    # How much they may do

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Counted().visit(super()._parse(source, name, filename))
        return tree

    def each(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield the values of a loop, each one a step."""
        for value in values:
            self._step()
            yield value

    def value(self, value: Any) -> Any:
        """Return a value that a template has put together, unless it is too large."""
        if _size(value) > MOST_VALUE:
            raise OverdrawnError(f"a value grows over {MOST_VALUE:,} characters")
        return value

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls; a macro's text is already escaped."""
        self._step(_A_CALL)
        result = super().call(context, obj, *args, **kwargs)
        return Safe(result) if isinstance(obj, Macro) else result

    def join_path(self, template: str, parent: str) -> str:
        """Count an include or import."""
        del parent
        self._step(_AN_INCLUDE)
        return template

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers of a sane size; add texts and lists."""
        self._step()
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if numbers and operator != "**" and max(abs(left), abs(right)) < 10**15:
            return super().call_binop(context, operator, left, right)
        if operator == "+" and not numbers and _size(left) + _size(right) <= MOST_VALUE:
            return left + right
        raise OverdrawnError(f"'{operator}' is for numbers of a sane size")

    def _step(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise OverdrawnError(f"the template takes more than {MOST_STEPS:,} steps: does a loop ever end?")

    def _bounded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            self._step()
            return self.value(function(*args, **kwargs))

        return run

    def _range(self, *args: int) -> range:
        values = range(*args)
        if len(values) > MOST_STEPS:
            raise OverdrawnError(f"a range of {len(values):,}")
        return values

    def _join(self, values: Iterable[Any], separator: str = "") -> Safe:
        """Join texts, each escaped unless it already is."""
        between = markdown(f"x{separator}x")[1:-1]
        return Safe(between.join(self._finalize(value) for value in self.each(values)))

    def _finalize(self, value: Any) -> Safe:
        if isinstance(value, Undefined):
            value + ""  # says what is missing, as printing it would not
        text = self._language.text(value)
        self._text += len(text)
        if self._text > MOST_TEXT:
            raise OverdrawnError(f"the page grows over {MOST_TEXT:,} characters")
        return text


def _size(value: Any, depth: int = 0) -> int:
    """Return how many characters and elements a value has; too deep counts as too large."""
    if isinstance(value, str):
        return len(value)
    if depth > 4:  # noqa: PLR2004 - rows of cells, and two levels to spare
        return MOST_VALUE + 1
    if isinstance(value, Mapping):
        value = (*value, *value.values())
    if type(value) in {list, tuple}:  # rows made by planlint are named tuples, and no larger than the plan
        return sum(_size(part, depth + 1) for part in value) + 1
    return 1


class _Counted(NodeTransformer):
    """Lets every loop go through `Sandbox.each`, and whatever a template puts together through `value`."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja2's name
        self.generic_visit(node)
        node.iter = self.through("each", node.iter)
        return node

    def made(self, node: nodes.Expr) -> nodes.Expr:
        self.generic_visit(node)
        stored = getattr(node, "ctx", "load") != "load"
        return node if stored else self.through("value", node)

    visit_Concat = visit_List = visit_Tuple = visit_Dict = made  # noqa: N815 - Jinja2's names

    @staticmethod
    def through(method: str, node: nodes.Node) -> nodes.Call:
        call = nodes.Call(nodes.EnvironmentAttribute(method), [node], [], None, None)
        call.set_lineno(node.lineno)
        return call
