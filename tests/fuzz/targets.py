"""What is fuzzed: functions of bytes that must neither crash nor take long, whatever the bytes are.

A target says what must hold beyond that: positions lie inside the text, every report can be written, nothing
of a stranger's file is taken for a bug of planlint's. An exception is a find.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path as FilePath
from tempfile import mkdtemp
from typing import Any

import grow

from planlint import batch, report
from planlint.checks.expression import broken, doubt
from planlint.checks.items import Hit
from planlint.config import Config, ConfigError
from planlint.config import load as load_config
from planlint.diagnostics import Path, Result
from planlint.discovery import parse_patterns
from planlint.document import Document
from planlint.engine import Rulesets, analyse, examine, load
from planlint.errors import ManifestError, UsageError
from planlint.facts import subjects
from planlint.history import plans as past
from planlint.history.changes import Difference, State, compare
from planlint.history.git import Repository
from planlint.manifests import conditions, read_manifest
from planlint.reader import Limits, read
from planlint.render import sandbox
from planlint.render.pages import Renderer
from planlint.render.report import Options, Report, Snapshot
from planlint.render.words import language
from planlint.report import changes as report_changes
from planlint.rulesets import Catalogue, Choice, Setting
from planlint.rulesets import load as load_catalogue
from planlint.schedule.certificate import verify
from planlint.suppressions import find
from planlint.world import World

TODAY = date(2026, 2, 16)
FILE = "a.plan.yaml"
LIMITS = Limits(file_size=100_000, depth=64, nodes=20_000)
PLAN = b"planlint: 1\ntitle: A plan\ntasks:\n  a: {title: Build it, effort: 3d}\n  b: {title: Test it, depends_on: [a]}\n"
Target = Callable[[bytes], None]


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()


@cache
def _strict() -> Rulesets:
    return Rulesets(Choice(profile="strict", select=("all",)))


@cache
def _folder() -> FilePath:
    return FilePath(mkdtemp(prefix="planlint-fuzz-"))


@cache
def _config() -> Config:
    return Config(catalogue=_catalogue(), limits=LIMITS)


def _world(files: Mapping[str, bytes]) -> World:
    def content(file: str) -> bytes:
        if file not in files:
            raise FileNotFoundError(2, "No such file", file)
        return files[file]

    def expand(_: str, entry: str) -> tuple[str, ...]:
        return (entry,) if entry in files else ()

    return World(content=content, expand=expand, config=lambda _: _config())


def _spans_inside(document: Document) -> None:
    lines = document.lines()
    for start, end in zip(document.nodes.offsets[::2], document.nodes.offsets[1::2], strict=True):
        assert 0 <= start <= end <= len(document.text)
        at = document.position(start)
        assert 1 <= at.line <= len(lines)
        assert document.offset(at) == start


def reader(data: bytes) -> None:
    """Any bytes: a document with positions inside its text, or a finding."""
    document, findings = read(FILE, data, LIMITS)
    assert document is not None or findings
    if document is not None:
        _spans_inside(document)
        document.comments()


def structure(data: bytes) -> None:
    """A plan that may break the schema: validated and built, references and all."""
    files = {FILE: grow.plan(data), "people.yaml": b"people: {kim: {name: Kim}}\n"}
    load(FILE, _world(files))


def raw_structure(data: bytes) -> None:
    """Any bytes as a plan and as what it includes."""
    half = len(data) // 2
    files = {FILE: b"planlint: 1\ninclude: [people.yaml]\n" + data[:half], "people.yaml": data[half:]}
    load(FILE, _world(files))


def schedule(data: bytes) -> None:
    """Dates, float, verdicts."""
    loaded = load(FILE, _world({FILE: grow.plan(data)}))
    if loaded.built is not None:
        analyse({FILE: loaded.built}, TODAY)


def certificates(data: bytes) -> None:
    """Every certificate holds; it is checked by code that shares nothing with the one that made it."""
    for content in (grow.plan(data), grow.contended(data)):
        built = load(FILE, _world({FILE: content})).built
        if built is None:
            continue
        for context in analyse({FILE: built}, TODAY).values():
            for deadline in context.deadlines or ():
                assert context.network is not None
                assert context.schedule is not None
                network = context.network.without(context.schedule.unsound)
                assert not verify(network, deadline)  # None where it is too large to be checked


def _reports(result: Result, files: Mapping[str, bytes]) -> None:
    shown = batch.with_texts(result, lambda file: files[file])
    for name in report.FORMATS:
        report.render(name, shown, rules=_catalogue().rules)


def rules(data: bytes) -> None:
    """Every rule over plans that may wait for each other, every report of what they say."""
    files = {FILE: grow.plan(data), "b.plan.yaml": grow.plan(data[::-1]), "c.plan.yaml": grow.contended(data)}
    ran = examine(tuple(files), _world(files), choice=_strict().choice, today=TODAY, rulesets=_strict())
    _reports(ran.result, files)
    assert sorted(d.location for d in ran.result.diagnostics) == [d.location for d in ran.result.diagnostics]


def pages(data: bytes) -> None:
    """The pages of plans, all sections, in both flavours."""
    files = {FILE: grow.plan(data), "c.plan.yaml": grow.contended(data)}
    ran = examine(tuple(files), _world(files), choice=Choice(), today=TODAY)
    for context in ran.contexts.values():
        dated = context.schedule if context.schedule and context.schedule.items else None
        one = Report(
            plan=context.plan,
            today=TODAY,
            schedule=dated,
            deadlines=context.deadlines or (),
            diagnostics=ran.result.diagnostics,
            portfolio={context.plan.id: Snapshot(plan=context.plan, schedule=dated)},
        )
        renderer = Renderer(Options(flavor="gitlab" if data[:1] > b"\x80" else "github"))
        renderer.page(one)
        renderer.front([one])


def suppressions(data: bytes) -> None:
    """Comments of any wording, at any place."""
    document, _ = read(FILE, PLAN.replace(b"\n  b", data + b"\n  b"), LIMITS)
    if document is not None:
        find(document)
        files = {FILE: document.text.encode()}
        ran = examine((FILE,), _world(files), choice=_strict().choice, today=TODAY, rulesets=_strict())
        _reports(ran.result, files)


def configuration(data: bytes) -> None:
    """Any bytes as a configuration: it holds, or what is wrong with it is said."""
    file = _folder() / ".planlint.yaml"
    file.write_bytes(data)
    with suppress(ConfigError):
        config = load_config(file, file.parent, _catalogue(), lambda one: one.name)
        config.overrides_for(str(file.parent / "plans" / FILE))


@cache
def _manifest() -> bytes:
    return (
        b"summary: S.\nrationale: R.\nseverity: error\nsince: '0.1'\ngiven: task\ncheck: schema\n"
        b"message: \"'{id}' {computed.open} {n|day}\"\nexamples: {valid: [a, b], invalid: [c, d]}\n"
    )


def pack(data: bytes) -> None:
    """A team's rule: any schema, any condition, any words; sound ones are run."""
    manifest = read_manifest("rules/own/own.yaml", "own", "own", _manifest() + data, conditions())
    if manifest.rule is None:
        assert manifest.findings
        return
    catalogue = _catalogue().with_rules([manifest.rule])
    config = Config(catalogue=catalogue, settings=(Setting("own"),), limits=LIMITS)
    files = {FILE: PLAN}
    world = World(content=lambda file: files[file], expand=lambda *_: (), config=lambda _: config)
    choice = Choice(select=("own",))
    with suppress(UsageError):
        _reports(examine((FILE,), world, choice=choice, today=TODAY).result, files)


@cache
def _page_values() -> dict[str, Any]:
    loaded = load(FILE, _world({FILE: PLAN}))
    assert loaded.built is not None
    return {"plan": loaded.built.plan, "data": {"rows": [("a", 1), ("b", 2)]}, "words": "Words"}


@cache
def _language() -> Any:
    return language("en")


def template(data: bytes) -> None:
    """Any text as a template: a page or a sentence that says what is wrong."""
    with suppress(UnicodeDecodeError):
        data.decode()
        (_folder() / "summary.md.j2").write_bytes(data)
        with suppress(UsageError):
            sandbox.Sandbox(_language(), _folder()).render("summary.md.j2", _page_values())


def ignore(data: bytes) -> None:
    """Any text as the patterns of a `.gitignore`, against paths that make bad ones slow."""
    patterns = parse_patterns(data.decode(errors="replace").splitlines())
    for path in (("a" * 60, "b" * 60, "plan.yaml"), ("a",) * 40, ("plans", "x.plan.yaml")):
        for pattern in patterns:
            pattern.matches(path)


def report_file(data: bytes) -> None:
    """Any bytes as a report to be joined with another."""
    from planlint.report import joined  # noqa: PLC0415 - only this target

    sound = json.dumps({"version": 1}).encode()
    with suppress(UsageError):
        joined.join([("a.json", data), ("b.json", sound)])
    with suppress(UsageError):
        joined.join([("a.json", data), ("b.json", data)])


class _Stranger(Repository):
    """A repository of two revisions whose names and contents are anything; Git itself is not started."""

    def __init__(self, old: Mapping[bytes, bytes], new: Mapping[bytes, bytes]) -> None:
        self.root = _folder()
        self._trees = {}
        self._commits = {"old": "old", "new": "new"}
        self.revisions = {"old": old, "new": new}
        self.contents = {
            (revision, name.decode(errors="replace")): content
            for revision, files in self.revisions.items()
            for name, content in files.items()
        }

    def _run(self, *arguments: str) -> bytes:
        old, new = self.revisions["old"], self.revisions["new"]
        match arguments:
            case ["ls-tree", *_, revision]:
                files = sorted(self.revisions[revision])
                links = [b"120000 blob 00\tlink.plan.yaml\0", b"160000 commit 00\tsub.plan.yaml\0"]
                return b"".join([b"100644 blob %d\t%s\0" % (n, name) for n, name in enumerate(files)] + links)
            case ["diff", *_]:
                gone, fresh = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
                listed = [b"R087\0%s\0%s\0" % pair for pair in zip(gone, fresh, strict=False)]
                listed += [b"D\0%s\0" % name for name in gone[len(fresh) :]]
                listed += [b"A\0%s\0" % name for name in fresh[len(gone) :]]
                listed += [b"M\0%s\0" % name for name in old.keys() & new.keys() if old[name] != new[name]]
                return b"".join(listed)
            case ["ls-files", *_]:
                return b""
        raise AssertionError(arguments)

    def content(self, revision: str, path: str, most: int) -> bytes:
        if (revision, path) not in self.contents:
            raise FileNotFoundError(2, "it does not exist", path)
        return self.contents[revision, path][:most]


def _states(snapshot: past.Snapshot) -> tuple[tuple[State, ...], Result]:
    world = World(
        lambda file: snapshot.content(file, LIMITS.file_size + 1), snapshot.expand, lambda _: _config()
    )
    ran = examine(snapshot.plans(exclude=["*.x"]), world, choice=Choice(), today=TODAY)
    found = []
    for file in snapshot.plans():
        context = ran.contexts.get(file)
        found.append(
            State(
                file=file,
                plan=context.plan if context else None,
                schedule=context.schedule if context else None,
                deadlines=(context.deadlines if context else None) or (),
                diagnostics=tuple(d for d in ran.result.diagnostics if d.location.path == file),
            )
        )
    return tuple(found), ran.result


def history(data: bytes) -> None:
    """Plans of two revisions in a stranger's repository: what changed, and reports of it that can be shown."""
    repository = _Stranger(*grow.files(data))
    before, after = (past.Snapshot(repository, name, str(repository.root)) for name in ("old", "new"))
    for path in (*repository.files("old"), *repository.files("new")):
        assert after.inside(after.shown(path)) == path
        before.expand(path, "../*/**.yaml")
    changes = repository.changes("old", "new")
    moved = {c.new: c.old for c in changes if c.old and c.new and c.old != c.new}
    (old, _), (new, result) = _states(before), _states(after)
    assert not compare(new, new)
    difference = Difference(old="old", new="new", plans=compare(old, new, moved), unchanged=0)
    json.loads(report_changes.json(difference))
    assert len(report_changes.markdown(difference, limit=5_000).encode()) <= 5_000
    for line in report_changes.text(difference).removesuffix("\n").split("\n"):
        assert line.translate(dict.fromkeys(map(ord, "\u200b\u200c\u200d"))).isprintable()
        assert not line.startswith("::")
    changed: dict[str, frozenset[Path] | None] = {}
    for change in changes:
        if change.new is not None:
            sides = (
                before.content(change.new, LIMITS.file_size) if change.old else b"",
                after.content(change.new, LIMITS.file_size),
            )
            then, now = ((read(FILE, side, LIMITS)[0]) for side in sides)
            changed[change.new] = (
                past.changed_items(then and then.data, now and now.data) if change.old else None
            )
    kept = past.only_changed(result.diagnostics, changed, lambda d: (d.location.path,))
    assert set(kept) <= set(result.diagnostics)
    same = {change.new for change in changes}
    assert all(
        d in kept or d.location.path not in same or changed[d.location.path] is not None
        for d in result.diagnostics
    )


@cache
def _hits() -> tuple[Hit, ...]:
    loaded = load(FILE, _world({FILE: PLAN}))
    assert loaded.built is not None
    context = analyse({FILE: loaded.built}, TODAY)[FILE]
    return tuple(Hit(subject, ()) for subject in subjects(context, "task"))


def expressions(data: bytes) -> None:
    """Any text as a condition in CEL: refused in words, or an answer for every item."""
    wanted = data[1:].decode(errors="replace") if data[:1] > b"\xc0" else grow.condition(data)
    reason = doubt(wanted, ("task", "risk"))
    assert reason is None or reason.strip()
    with suppress(ManifestError):
        tuple(broken(wanted, _hits()))


TARGETS: Mapping[str, Target] = {
    one.__name__.replace("_", "-"): one
    for one in (
        reader,
        structure,
        raw_structure,
        schedule,
        certificates,
        rules,
        pages,
        suppressions,
        configuration,
        pack,
        template,
        ignore,
        report_file,
        history,
        *((expressions,) if find_spec("cel_expr_python") else ()),
    )
}
