"""What strangers' files cannot do: reach outside the repository, run code, take all time or memory, tear files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PLAN = "planlint: 1\ntitle: A plan\nstart: 2026-01-05\ntasks:\n  build: {title: Build it, owner: ana, effort: 3d}\n"
SECRET = "people: {eve: {name: Eve Secret, email: eve@example.org}}\n"
SECONDS = 10


def planlint(folder: Path, *arguments: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PLANLINT_TODAY": "2026-02-16", "GITHUB_ACTIONS": ""}
    env["PLANLINT_CACHE_DIR"] = str(cache or folder.parent / "cache")
    command = [sys.executable, "-m", "planlint", *arguments]
    ran = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    assert ran.returncode in {0, 1, 2}
    return ran


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "a.plan.yaml").write_text(PLAN)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(SECRET)
    (outside / "secret.plan.yaml").write_text(PLAN.replace("A plan", "A secret plan"))
    return folder


def said(ran: subprocess.CompletedProcess[str]) -> str:
    return ran.stdout + ran.stderr


def test_links_to_plans_outside_are_not_read(repository: Path) -> None:
    (repository / "link.plan.yaml").symlink_to("../outside/secret.plan.yaml")
    (repository / "folder").symlink_to("../outside")
    ran = planlint(repository, "check", "--format", "json")
    assert [plan["path"] for plan in json.loads(ran.stdout)["plans"]] == ["a.plan.yaml"]
    named = planlint(repository, "check", "link.plan.yaml")
    assert named.returncode == 2
    assert "secret plan" not in said(named)


@pytest.mark.parametrize(
    "entry",
    ["../outside/secret.yaml", "link.yaml", "folder/secret.yaml", "*/secret.yaml", "**/*.yaml", "fold*/*"],
)
def test_includes_do_not_leave(entry: str, repository: Path) -> None:
    (repository / "link.yaml").symlink_to("../outside/secret.yaml")
    (repository / "folder").symlink_to("../outside")
    (repository / "a.plan.yaml").write_text(PLAN + f"include: ['{entry}']\n")
    ran = planlint(repository, "check", "--format", "json")
    assert "include-error" in ran.stdout
    assert "Eve" not in said(ran)


def test_an_include_of_folders_that_lead_to_themselves_ends(repository: Path) -> None:
    for name in ("one", "two", "three"):
        (repository / name).symlink_to(".")
    (repository / "a.plan.yaml").write_text(
        PLAN + f"include: ['{'*/' * 20}x.yaml', '**/**/**/**/**/x.yaml']\n"
    )
    begin = time.perf_counter()
    ran = planlint(repository, "check", "--format", "json")
    assert ran.stdout.count('"include-error"') == 2
    assert time.perf_counter() - begin < SECONDS


def test_extends_does_not_leave(repository: Path) -> None:
    (repository.parent / "outside" / "base.yaml").write_text("rules: {lead: off}\n")
    (repository / "link.yaml").symlink_to("../outside/base.yaml")
    for entry in ("../outside/base.yaml", "link.yaml", "/etc"):
        (repository / ".planlint.yaml").write_text(f"extends: ['{entry}']\n")
        ran = planlint(repository, "check")
        assert ran.returncode == 2
        assert "outside the repository" in said(ran)


def test_a_configuration_that_is_a_link_outside_is_not_read(repository: Path) -> None:
    target = repository.parent / "outside" / "other.yaml"
    target.write_text("secret-key-of-somebody: 1\n")
    (repository / ".planlint.yaml").symlink_to(target)
    assert "secret-key-of-somebody" not in said(planlint(repository, "check"))


def test_team_rules_do_not_leave(repository: Path) -> None:
    rules = repository / "rules" / "own"
    rules.mkdir(parents=True)
    (repository.parent / "outside" / "own.yaml").write_text("secret-of-somebody: 1\n")
    (rules / "own.yaml").symlink_to("../../../outside/own.yaml")
    (repository / ".planlint.yaml").write_text("extends: [./rules]\n")
    assert "secret-of-somebody" not in said(planlint(repository, "check"))


def test_templates_do_not_leave(repository: Path) -> None:
    (repository / "templates").mkdir()
    (repository / "templates" / "summary.md.j2").symlink_to("../../outside/secret.yaml")
    (repository / ".planlint.yaml").write_text("render: {template: ./templates}\n")
    assert "Eve Secret" not in said(planlint(repository, "render", "--stdout", "a.plan.yaml"))


def test_pages_do_not_leave(repository: Path) -> None:
    outside = repository.parent / "outside"
    before = sorted(outside.iterdir())
    (repository / "pages").symlink_to("../outside")
    (repository / ".planlint.yaml").write_text("render: {out: ./pages}\n")
    planlint(repository, "render")
    assert sorted(outside.iterdir()) == before


def test_a_cache_inside_the_repository_follows_no_links(repository: Path) -> None:
    victim = repository.parent / "outside" / "victim"
    victim.write_text("precious")
    cache = repository / ".cache"
    cache.mkdir()
    (cache / "results.msgpack").symlink_to(victim)
    (cache / ".gitignore").symlink_to(victim)
    planlint(repository, "check", cache=cache)
    assert victim.read_text() == "precious"


def test_an_output_that_is_a_link_is_replaced_not_followed(repository: Path) -> None:
    victim = repository.parent / "outside" / "victim"
    victim.write_text("precious")
    (repository / "report.json").symlink_to(victim)
    planlint(repository, "check", "--format", "json", "--output", "report.json")
    assert victim.read_text() == "precious"
    assert json.loads((repository / "report.json").read_text())["version"] == 1


@pytest.mark.parametrize(
    "manifest",
    [
        "params: {schema: {properties: {title: {pattern: '^(a+)+$'}}}}",
        "params: {schema: {properties: {title: {pattern: '^(?=a)(a)\\1'}}}}",
        "params: {schema: {$ref: 'https://example.com/x.json'}}",
        "params: {schema: {$ref: 'file:///etc/passwd'}}",
    ],
)
def test_a_rule_of_strangers_takes_no_time_and_reaches_nowhere(manifest: str, repository: Path) -> None:
    rules = repository / "rules" / "own"
    rules.mkdir(parents=True)
    (rules / "own.yaml").write_text(
        "summary: S.\nrationale: R.\nseverity: error\nsince: '0.1'\ngiven: task\ncheck: schema\nmessage: m\n"
        f"{manifest}\nexamples: {{valid: [a, b], invalid: [c, d]}}\n"
    )
    (repository / ".planlint.yaml").write_text("extends: [./rules]\n")
    (repository / "a.plan.yaml").write_text(PLAN.replace("Build it", "a" * 5000 + "b"))
    begin = time.perf_counter()
    planlint(repository, "check")
    assert time.perf_counter() - begin < SECONDS


def test_a_template_takes_no_code_and_ends(repository: Path) -> None:
    (repository / "templates").mkdir()
    (repository / ".planlint.yaml").write_text("render: {template: ./templates}\n")
    for text in (
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for a in range(999999) %}{% for b in range(999999) %}x{% endfor %}{% endfor %}",
        "{{ 'a' * 10**9 }}",
        "{% include 'summary.md.j2' %}",
    ):
        (repository / "templates" / "summary.md.j2").write_text(text)
        begin = time.perf_counter()
        ran = planlint(repository, "render", "--stdout", "a.plan.yaml")
        assert ran.returncode == 2
        assert time.perf_counter() - begin < SECONDS


def test_patterns_of_strangers_take_no_time(repository: Path) -> None:
    slow = "*a" * 30 + "b"
    (repository / ".gitignore").write_text(f"{slow}\n**/{slow}/**/{slow}\n")
    (repository / ".planlint.yaml").write_text(
        f"exclude: ['{slow}']\noverrides: [{{paths: ['{slow}', '**/{slow}/**'], rules: {{lead: off}}}}]\n"
    )
    (repository / ("a" * 200 + ".plan.yaml")).write_text(PLAN)
    begin = time.perf_counter()
    planlint(repository, "check")
    assert time.perf_counter() - begin < SECONDS


def interrupt(folder: Path, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PLANLINT_CACHE_DIR": str(cache)}
    command = [sys.executable, "-m", "planlint", "check", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    return subprocess.CompletedProcess(command, process.returncode, out, error)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_leaves_nothing_half_written(jobs: str, repository: Path) -> None:
    many = "".join(f"  t{n}: {{title: T, owner: ana, effort: 3d, depends_on: [build]}}\n" for n in range(200))
    for number in range(300):
        (repository / f"p{number}.plan.yaml").write_text(PLAN.replace("A plan", f"P{number}") + many)
    cache = repository.parent / "cache"
    (repository / "report.json").write_text("old")
    ran = interrupt(repository, cache, "--jobs", jobs, "--format", "json", "--output", "report.json")
    assert ran.returncode == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    assert (repository / "report.json").read_text() == "old"
    left = {file.name for file in (*repository.iterdir(), *(cache.iterdir() if cache.exists() else ()))}
    assert not [name for name in left if ".planlint-" in name]
