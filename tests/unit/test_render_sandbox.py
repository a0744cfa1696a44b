"""Templates that nobody reviewed: what they may not touch, that they end, and where they say they fail."""

from pathlib import Path
from time import perf_counter

import pytest

from planlint.errors import UsageError
from planlint.model import Person, Plan, Task
from planlint.render.escaping import Safe
from planlint.render.sandbox import Sandbox
from planlint.render.words import language

PLAN = Plan(
    id="p",
    file="p.plan.yaml",
    title="A | B",
    people={"ana": Person(id="ana", path=("people", "ana"), title="Ana", name="Ana")},
    tasks={"t": Task(id="t", path=("tasks", "t"), title="Build <it>")},
)


def run(folder: Path, text: str) -> str:
    (folder / "work.md.j2").write_text(text, "utf-8")
    return Sandbox(language("en"), folder).render("work.md.j2", {"plan": PLAN, "say": language("en").say})


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ plan.title }}", "A &#124; B"),
        (
            "{% for id, task in plan.tasks.items() %}{{ id }}: {{ task.title }}{% endfor %}",
            "t: Build &#60;it&#62;",
        ),
        ("{% macro cell(x) %}[{{ x }}]{% endmacro %}{{ cell(plan.title) }}", "[A &#124; B]"),
        ("{{ [plan.title, 'b'] | join(', ') }}", "A &#124; B, b"),
        (
            "{% set ns = namespace(n=0) %}{% for x in range(3) %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}",
            "3",
        ),
        ("{{ plan.leaves() | length if false else 1.5 }}", "1.5"),
        ("{% for task in plan.leaves() %}{{ loop.index }}{% endfor %}", "1"),
        ("{{ plan.title ~ '|' }}", "A &#124; B&#124;"),
        ("{{ say('Work') }}", "Work"),
    ],
)
def test_templates_print_data_escaped(tmp_path: Path, template: str, expected: str) -> None:
    assert run(tmp_path, template) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ plan.__class__ }}",
        "{{ plan['__class__'] }}",
        "{{ plan | attr('__class__') }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ say.__globals__ }}",
        "{{ plan.tasks.items.__self__ }}",
        "{{ '{0.__class__}'.format(plan) }}",
        "{{ '%s' % plan }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ plan.people.ana.__struct_fields__ }}",
        "{{ plan }}",
        "{{ plan.title | safe }}",
        "{{ plan.nothing }}",
    ],
)
def test_what_is_not_plan_data_is_refused(tmp_path: Path, template: str) -> None:
    with pytest.raises(UsageError, match=r"work\.md\.j2:1: "):
        run(tmp_path, template)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(9999999) %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=9) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{% include 'work.md.j2' %}",
        "{% for i in range(100000) %}{{ 'a' * 0 }}{{ plan.title }}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}",
    ],
)  # fmt: skip
def test_what_never_ends_or_grows_is_stopped(tmp_path: Path, template: str) -> None:
    begin = perf_counter()
    with pytest.raises(UsageError, match=r"work\.md\.j2"):
        run(tmp_path, template)
    assert perf_counter() - begin < 20


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("one\n{% for %}\n", 2),
        ("one\ntwo\n{{ plan.title | nosuchfilter }}", 3),
        ("one\n\n\n{{ 1 / 0 }}", 4),
        ("one\n{% include 'gone.md.j2' %}", 2),
        ("one\n{{ plan.tasks.nope.title }}", 2),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, template: str, line: int) -> None:
    with pytest.raises(UsageError, match=rf"{tmp_path}/work\.md\.j2:{line}: .") as caught:
        run(tmp_path, template)
    assert "Traceback" not in str(caught.value)


def test_a_template_outside_the_folder_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "secret.md.j2").write_text("secret", "utf-8")
    folder = tmp_path / "templates"
    folder.mkdir()
    with pytest.raises(UsageError, match="no template"):
        run(folder, "{% include '../secret.md.j2' %}")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "work.md.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        Sandbox(language("en"), tmp_path).render("work.md.j2", {})


def test_only_safe_text_is_printed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "work.md.j2").write_text("{{ a }} {{ b }}", "utf-8")
    shown = Sandbox(language("en"), tmp_path).render("work.md.j2", {"a": Safe("*a*"), "b": "*b*"})
    assert shown == "*a* &#42;b&#42;"
