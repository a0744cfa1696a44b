"""The Action's scripts, run on a scratch repository with a fake event and a fake forge; templates checked."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from planlint.cli import init

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "ci").glob("*.sh"))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```$", (ROOT / "docs" / "ci.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)

PLAN = """\
planlint: 1
title: Ship the new login
manager: ana
sponsor: ben
start: 2026-02-16
deadline: 2026-03-31
review: {every: 2w, last: 2026-02-13}
tasks:
  design: {title: Design the sign-in flow, owner: ana, effort: 5d}
  build: {title: Build it, owner: ben, effort: 12d, depends_on: [design]}
people:
  ana: {name: Ana Ruiz}
  ben: {name: Ben Cho}
"""

# Keeps comments in a file, as the forge does; refuses to write when told so, as for a fork.
FAKE_GH = """\
#!{python}
import json, os, sys
store = os.environ["FAKE_COMMENTS"]
comments = json.load(open(store))
arguments = sys.argv[1:]
assert arguments[0] == "api" and os.environ["GH_HOST"] == "forge.example.org", arguments
if "--method" not in arguments:
    assert "repos/o/r/issues/7/comments?per_page=100" in arguments, arguments
    mark = os.environ["MARK"]
    wanted = '.[] | select(.user.type == "Bot" and (.body | startswith(env.MARK))) | .id'  # what is done below
    assert arguments[arguments.index("--jq") + 1] == wanted, arguments
    for comment in comments:
        if comment["user"]["type"] == "Bot" and comment["body"].startswith(mark):
            print(comment["id"])
    sys.exit()
if os.environ.get("FAKE_READ_ONLY"):
    sys.exit("HTTP 403: Resource not accessible by integration")
path = next(a for a in arguments if a.startswith("repos/"))
body = open(arguments[arguments.index("-F") + 1].removeprefix("body=@")).read()
if "PATCH" in arguments:
    assert path.startswith("repos/o/r/issues/comments/"), path
    next(c for c in comments if str(c["id"]) == path.rsplit("/", 1)[1])["body"] = body
else:
    assert path == "repos/o/r/issues/7/comments", path
    comments.append({{"id": len(comments) + 1, "user": {{"type": "Bot"}}, "body": body}})
json.dump(comments, open(store, "w"))
"""


class Forge:
    """A scratch repository on a branch `topic` with a remote's `main`, and the environment of a runner."""

    def __init__(self, folder: Path) -> None:
        self.repo, self.temp = folder / "repo", folder / "temp"
        tools = folder / "tools"
        for one in (self.repo, self.temp, tools):
            one.mkdir()
        gh = tools / "gh"
        gh.write_text(FAKE_GH.format(python=sys.executable))
        gh.chmod(0o755)
        self.summary, self.output = folder / "summary.md", folder / "output"
        (folder / "comments.json").write_text("[]")
        self.comments_file = folder / "comments.json"
        identity = {
            f"GIT_{r}_{k}": v
            for r in ("AUTHOR", "COMMITTER")
            for k, v in (("NAME", "K"), ("EMAIL", "k@e.org"))
        }
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_"))},
            **identity,
            "PATH": os.pathsep.join([str(tools), sysconfig.get_path("scripts"), os.environ["PATH"]]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PLANLINT_TODAY": "2026-02-16",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKFLOW": "Plans",
            "GITHUB_JOB": "planlint",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_SERVER_URL": "https://forge.example.org",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_BASE_REF": "main",
            "GH_TOKEN": "token",
            "FAKE_COMMENTS": str(self.comments_file),
            "PULL_REQUEST": "7",
        }
        self.git("init", "--quiet", "--initial-branch", "main")
        self.write("a.plan.yaml", PLAN)
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        self.git("checkout", "--quiet", "-b", "topic")

    def git(self, *arguments: str) -> None:
        command = ["git", *arguments]
        subprocess.run(command, cwd=self.repo, env=self.environment, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        (self.repo / name).write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", name)

    def run(self, script: str, cwd: Path | None = None, **inputs: str) -> "subprocess.CompletedProcess[str]":
        environment = {**self.environment, **inputs}
        command = ["bash", str(ROOT / "ci" / script)]
        return subprocess.run(
            command, cwd=cwd or self.repo, env=environment, capture_output=True, text=True, check=False
        )

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())

    @property
    def comments(self) -> list[str]:
        return [comment["body"] for comment in json.loads(self.comments_file.read_text())]


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


SLOWER = PLAN.replace("effort: 12d", "effort: 40d")


def test_one_comment_that_is_updated(forge: Forge) -> None:
    forge.write("a.plan.yaml", SLOWER)
    assert forge.run("comment.sh").returncode == 0
    [first] = forge.comments
    assert first.startswith(
        "<!-- planlint:comment Plans / planlint -->\n**Ship the new login finishes 2026-04-"
    )
    forge.write("a.plan.yaml", PLAN)
    assert forge.run("comment.sh").returncode == 0
    assert forge.comments == ["<!-- planlint:comment Plans / planlint -->\n**No plan changed in meaning.**\n"]
    assert not forge.summary.exists()


def test_no_change_in_meaning_is_no_comment(forge: Forge) -> None:
    forge.write("a.plan.yaml", "# moved\n\n" + PLAN)
    done = forge.run("comment.sh")
    assert (done.returncode, forge.comments) == (0, [])


def test_a_key_has_a_comment_of_its_own_and_people_who_quote_the_mark_are_left_alone(forge: Forge) -> None:
    quoted = {"id": 1, "user": {"type": "User"}, "body": "<!-- planlint:comment a -->\nlook at this"}
    forge.comments_file.write_text(json.dumps([quoted]))
    forge.write("a.plan.yaml", SLOWER)
    for key in ("a", "b", "a", "$(touch pwned)`x`"):
        assert forge.run("comment.sh", KEY=key).returncode == 0
    assert [body.splitlines()[0] for body in forge.comments] == [
        "<!-- planlint:comment a -->",
        "<!-- planlint:comment a -->",
        "<!-- planlint:comment b -->",
        "<!-- planlint:comment -touch pwned-x- -->",
    ]
    assert not (forge.repo / "pwned").exists()


def test_where_no_comment_may_be_written_the_summary_has_it(forge: Forge) -> None:
    forge.write("a.plan.yaml", SLOWER)
    done = forge.run("comment.sh", FAKE_READ_ONLY="1")
    assert done.returncode == 0
    assert done.stdout.startswith("::notice title=planlint::No comment could be written here")
    assert "### Changed plans" in forge.summary.read_text("utf-8")


def test_check_annotates_only_what_changed_and_hands_everything_over(forge: Forge) -> None:
    forge.git("checkout", "--quiet", "main")
    forge.write("old.plan.yaml", PLAN.replace("owner: ana, ", ""))
    forge.git("update-ref", "refs/remotes/origin/main", "HEAD")
    forge.git("checkout", "--quiet", "-B", "topic")
    forge.write("new.plan.yaml", PLAN.replace("owner: ben, ", ""))
    done = forge.run("check.sh", PATHS="")
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert len(errors) == 1
    assert "file=new.plan.yaml,line=10" in errors[0]
    assert forge.outputs["exit-code"] == "1"
    sarif = json.loads(Path(forge.outputs["sarif"]).read_text("utf-8"))
    found = [r for r in sarif["runs"][0]["results"] if r["level"] == "error"]
    assert {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in found} == {
        "new.plan.yaml",
        "old.plan.yaml",
    }
    everything = forge.run("check.sh", PATHS="", ONLY_CHANGED="false")
    assert everything.stdout.count("::error") == 2


def test_paths_come_one_a_line_and_are_never_commands(forge: Forge) -> None:
    forge.write("b c.plan.yaml", PLAN.replace("owner: ben, ", ""))
    done = forge.run("check.sh", PATHS="a.plan.yaml\n\nb c.plan.yaml\n", FAIL_ON="never")
    assert (done.stdout.count("::error"), forge.outputs["exit-code"]) == (1, "0")
    for path in ("$(touch pwned)", "`touch pwned`", "; touch pwned", "--help"):
        forge.run("check.sh", PATHS=path)
        assert forge.outputs["exit-code"] == "2"
    assert not (forge.repo / "pwned").exists()


def test_a_shallow_clone_says_what_to_do(forge: Forge, tmp_path: Path) -> None:
    forge.write("a.plan.yaml", SLOWER)
    shallow = tmp_path / "shallow"
    forge.git("clone", "--quiet", "--depth", "1", f"file://{forge.repo}", str(shallow))
    done = forge.run("check.sh", cwd=shallow, PATHS="")
    assert (
        "::error title=planlint::The history is missing: give actions/checkout 'fetch-depth: 0'."
        in done.stdout
    )
    assert forge.outputs["exit-code"] == "2"


def test_a_push_checks_everything_and_knows_no_base(forge: Forge) -> None:
    forge.write("a.plan.yaml", PLAN.replace("owner: ben, ", ""))
    done = forge.run("check.sh", PATHS="", GITHUB_BASE_REF="")
    assert done.stdout.count("::error") == 1


def test_more_than_annotations_hold_goes_to_the_summary(forge: Forge) -> None:
    tasks = "".join(f"  t{i}: {{title: Part {i}, effort: 1d, depends_on: [build]}}\n" for i in range(15))
    forge.write("a.plan.yaml", PLAN.replace("people:", f"{tasks}people:"))
    done = forge.run("check.sh", PATHS="")
    assert done.stdout.count("::error") == 10
    assert forge.summary.read_text("utf-8").count("task-without-owner") == 15


# What stands in files for others to copy


def test_scripts_pass_shellcheck() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run([shellcheck, *SCRIPTS], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize("number", [i for i, (kind, _) in enumerate(BLOCKS) if kind == "bash"])
def test_shell_in_the_documentation_passes_shellcheck(number: int, tmp_path: Path) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    script = tmp_path / "block.sh"
    script.write_text(f"#!/usr/bin/env bash\n{BLOCKS[number][1]}")
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_action_hands_inputs_over_by_environment_only() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "run" not in step or step["shell"] == "bash"
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == set(ACTION["inputs"])
    scripts = re.findall(r"ci/(\w+\.sh)", " ".join(step.get("run", "") for step in ACTION["runs"]["steps"]))
    assert sorted(scripts) == [script.name for script in SCRIPTS]


def test_the_documentation_lists_the_inputs_of_the_action() -> None:
    text = (ROOT / "docs" / "ci.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) >= set(ACTION["inputs"])


def schema_check(schema: str, *files: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_templates_fit_their_schemas(tmp_path: Path) -> None:
    schema_check("github-actions", ROOT / "action.yml")
    schema_check("gitlab-ci", ROOT / "ci" / "gitlab.yml")
    workflow = tmp_path / "workflow.yml"
    workflow.write_text(init._GITHUB)
    schema_check("github-workflows", workflow)
    blocks = [text for kind, text in BLOCKS if kind == "yaml"]
    for name, schema in (
        ("plans.yml", "github-workflows"),
        (".gitlab-ci", "gitlab-ci"),
        ("azure", "azure-pipelines"),
    ):
        file = tmp_path / f"{schema}-block.yml"
        file.write_text(next(text for text in blocks if name in text.splitlines()[0]))
        schema_check(schema, file)


def test_the_workflow_of_init_is_the_one_of_the_documentation() -> None:
    steps = yaml.safe_load(init._GITHUB)["jobs"]["planlint"]["steps"]
    [block] = [
        text
        for kind, text in BLOCKS
        if kind == "yaml" and "pip install planlint" in text and "jobs" not in text and "pool" not in text
    ]
    assert yaml.safe_load(block) == steps[1:]
