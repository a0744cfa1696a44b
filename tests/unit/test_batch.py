"""Units are whole, and the result does not depend on how the work is spread."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from planlint import batch
from planlint.cache import Cache
from planlint.cli.workspace import Workspace, disk
from planlint.diagnostics import Result
from planlint.report import render
from planlint.report.joined import join
from planlint.rulesets import Choice

TODAY = date(2026, 2, 16)


def split(files: Mapping[str, str]) -> set[frozenset[str]]:
    def content(file: str) -> bytes:
        if file not in files:
            raise FileNotFoundError(2, "missing", file)
        return files[file].encode()

    plans = [file for file in files if file.endswith(".plan.yaml")]
    return {frozenset(unit.files) for unit in batch.units(plans, content, lambda *_: True)}


def both(left: str, right: str, **more: str) -> bool:
    files = {"a.plan.yaml": left, "b.plan.yaml": right}
    files |= {f"{name}.yaml": text for name, text in more.items()}
    return split(files) == {frozenset({"a.plan.yaml", "b.plan.yaml"})}


def test_plans_that_know_nothing_of_each_other_are_apart() -> None:
    assert not both("tasks: {x: {title: X}}", "tasks: {x: {title: X}}")


def test_plans_with_a_shared_fragment_are_together() -> None:
    assert both("include: [team.yaml]", "include: [./team.yaml]", team="people: {}")
    assert both("include:\n  - one.yaml", "include:\n- 'team.yaml'", one="include: [team.yaml]", team="x: 1")


def test_plans_with_the_same_person_are_together() -> None:
    assert both("email: kim@example.org", '{"email": "kim@example.org"}')
    assert both("email: 'kim@example.org'", "include: [p.yaml]", p="email: kim@example.org")
    assert both('email: "k\\x69m@x"', "email: *kim")  # written so that nobody can tell


def test_a_plan_that_names_another_is_with_it() -> None:
    assert both("depends_on: [b/x]", "title: B")
    assert both("depends_on: [other/x SS+2d]", "id: other")
    assert both("depends_on: ['other/x']", '"id": "other"')
    assert not both("see: https://example.org/c/x", "title: B")


def test_what_cannot_be_told_is_not_remembered() -> None:
    def of(text: str) -> bool:
        (unit,) = batch.units(["a.plan.yaml"], lambda _: text.encode(), lambda *_: True)
        return unit.certain

    assert of("title: A")
    assert not of("include: ['people/*.yaml']")
    assert not of("baseline: {ref: v1}")


def test_a_file_outside_is_not_even_read() -> None:
    read: list[str] = []

    def content(file: str) -> bytes:
        read.append(file)
        return b"include: [../secret.yaml]"

    (unit,) = batch.units(["a.plan.yaml"], content, lambda _, other: not other.startswith(".."))
    assert read == ["a.plan.yaml"]
    assert not unit.certain


people = st.sampled_from(["kim@example.org", "lee@example.org", ""])


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, str]:
    count = draw(st.integers(2, 7))
    files = {"shared/team.yaml": "people: {ana: {name: Ana, email: ana@example.org}}\n"}
    for number in range(count):
        mail, include = draw(people), draw(st.booleans())
        other = draw(st.integers(0, count - 1))
        text = f"planlint: 1\ntitle: P{number}\nstart: 2026-01-05\ndeadline: 2026-0{draw(st.integers(2, 9))}-27\n"
        text += "include: [../shared/team.yaml]\n" if include else ""
        text += f"people: {{kim: {{name: Kim, email: {mail or 'none'}}}}}\n" if mail else ""
        text += f"tasks:\n  a:\n    title: A\n    effort: {draw(st.integers(1, 40))}d\n"
        text += "    owner: kim\n    assignees: [kim]\n" if mail else ""
        text += f"    depends_on: [p{other}/a]\n" if draw(st.booleans()) and other != number else ""
        text += "broken: [\n" if draw(st.integers(0, 9)) == 0 else ""
        files[f"f{number % 2}/p{number}.plan.yaml"] = text
    return files


def run(folder: Path, jobs: int, shard: tuple[int, int] | None = None, cache: Path | None = None) -> Result:
    workspace = Workspace(folder)
    files = workspace.files([])
    chosen = list(batch.units(files, workspace.content, workspace.near))
    if shard:
        chosen = batch.shard(chosen, *shard)
    memory = Cache(cache, (workspace.digest(files),))
    return batch.run(chosen, batch.Job(partial(disk, workspace), Choice(), TODAY), jobs=jobs, cache=memory)


@settings(max_examples=8, deadline=None)
@given(fleets())
def test_jobs_shards_and_the_cache_change_nothing(files: dict[str, str]) -> None:

    with TemporaryDirectory() as name:
        folder, memory = Path(name, "plans"), Path(name, "cache")
        for file, text in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        (folder / ".git").mkdir()
        whole = run(folder, 1)
        assert len(whole.plans) + sum("broken" in text for text in files.values()) == len(files) - 1
        assert run(folder, 2) == whole
        assert run(folder, 1, cache=memory) == whole
        assert run(folder, 1, cache=memory) == whole
        shards = [run(folder, 1, shard=(k, 3)) for k in (1, 2, 3)]
        joined = join([(str(k), render("json", one).encode()) for k, one in enumerate(shards)])
        assert joined == render("json", whole)
        rules = Workspace(folder).catalogue.rules
        sarif = [(str(k), render("sarif", one, rules=rules).encode()) for k, one in enumerate(shards)]
        assert join(sarif) == render("sarif", whole, rules=rules)
