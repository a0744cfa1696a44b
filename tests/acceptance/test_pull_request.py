"""A plan grows over twelve commits; what a reviewer sees at each of them is pinned in tests/golden.

Run with PLANLINT_GOLDEN=write to write the files anew, then read the difference before you commit it.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "pull_request"
FILE = "plans/office.plan.yaml"
PLAN = """\
planlint: 1
id: office
title: Move into the new office
manager: ana
sponsor: cleo
start: 2026-02-16
deadline: 2026-04-10
review: {every: 2w, last: 2026-02-13, owner: ana}

people:
  ana: {name: Ana Ruiz}
  ben: {name: Ben Cho}
  cleo: {name: Cleo Martin}

tasks:
  choose:
    title: Choose the rooms
    owner: ana
    effort: 3d
  lease:
    title: Sign the lease
    owner: ana
    effort: 2d
    depends_on: [choose]
  network:
    title: Lay the network
    owner: ben
    effort: 8d
    depends_on: [lease]
  move:
    title: Move the desks
    owner: ben
    effort: 4d
    depends_on: [network]

milestones:
  open:
    title: First day in the new office
    owner: cleo
    due: 2026-04-01
    depends_on: [move]

risks:
  landlord:
    title: The landlord is late with the repairs
    owner: ana
    category: vendor
    probability: medium
    impact: high
    mitigation: [Ask every week]
    contingency: [Keep the old office for a month]
    affects: [network]
    raised: 2026-02-16
    review_by: 2026-03-16
"""
CONFIG = """\
extends: [minimal]
rules:
  task-without-owner: error
"""
TEAM = "people:\n  ana: {name: Ana Ruiz}\n  ben: {name: Ben Cho}\n  cleo: {name: Cleo Martin}\n"
TEST_TASK = """\
  test:
    title: Test the network
    owner: ben
    effort: 20d
    depends_on: [network]
"""
Edit = Callable[[Path], None]


def change(*pairs: tuple[str, str], file: str = FILE) -> Edit:
    """Return an edit that replaces texts in the plan; each must be there."""

    def edit(repo: Path) -> None:
        text = (repo / file).read_text("utf-8")
        for before, after in pairs:
            assert before in text, before
            text = text.replace(before, after)
        (repo / file).write_text(text, "utf-8")

    return edit


def first(repo: Path) -> None:
    (repo / "plans").mkdir()
    (repo / FILE).write_text(PLAN, "utf-8")
    (repo / ".planlint.yaml").write_text(CONFIG, "utf-8")


def share_the_team(repo: Path) -> None:
    (repo / "plans" / "team.yaml").write_text(TEAM, "utf-8")
    change((TEAM + "\n", ""), ("title: Move into", "include: [team.yaml]\ntitle: Move into"))(repo)


def rename_the_file(repo: Path) -> None:
    (repo / FILE).rename(repo / "plans" / "new-office.plan.yaml")


RENAMED = "plans/new-office.plan.yaml"
COMMITS: tuple[tuple[str, Edit], ...] = (
    ("a first plan", first),
    ("the people move into a file of their own", share_the_team),
    ("the network takes longer", change(("effort: 8d", "effort: 12d"))),
    (
        "comments and order, no meaning",
        change(("    owner: ben\n    effort: 4d", "    effort: 4d  # a week?\n    owner: ben")),
    ),
    (
        "a task without an owner",
        change(
            (
                "milestones:",
                "  sign:\n    title: Put the sign up\n    effort: 1d\n    depends_on: [move]\n\nmilestones:",
            )
        ),
    ),
    ("the task finds one", change(("title: Put the sign up", "title: Put the sign up\n    owner: cleo"))),
    ("an id with a better name", change(("  move:", "  desks:"), ("[move]", "[desks]"))),
    (
        "another owner, a task on the critical path, a risk closed",
        change(
            ("title: Lay the network\n    owner: ben", "title: Lay the network\n    owner: ana"),
            ("  desks:\n", TEST_TASK + "  desks:\n"),
            ("owner: ben\n    depends_on: [network]", "owner: ben\n    depends_on: [test]"),
            ("review_by: 2026-03-16", "review_by: 2026-03-16\n    status: closed"),
        ),
    ),
    ("another file name", rename_the_file),
    ("broken YAML", change(("tasks:\n", "tasks: [\n"), file=RENAMED)),
    (
        "repaired, and more time",
        change(
            ("tasks: [\n", "tasks:\n"),
            ("deadline: 2026-04-10", "deadline: 2026-04-30"),
            ("due: 2026-04-01", "due: 2026-04-24"),
            file=RENAMED,
        ),
    ),
    (
        "Ben is away",
        change(
            ("{name: Ben Cho}", "{name: Ben Cho, time_off: [{from: 2026-03-23, to: 2026-04-03}]}"),
            file="plans/team.yaml",
        ),
    ),
)


class Story:
    """The scratch repository and what the commands say in it."""

    def __init__(self, folder: Path) -> None:
        self.repo = folder / "repo"
        self.repo.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_"))},
            "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PLANLINT_TODAY": "2026-02-16",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PRE_COMMIT_HOME": str(folder / "pre-commit"),
            "PRE_COMMIT_COLOR": "never",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment[f"GIT_{role}_NAME"] = "Kim"
            self.environment[f"GIT_{role}_EMAIL"] = "kim@example.org"
        self.run("git", "init", "--quiet", "--initial-branch", "main")

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=self.repo, env=self.environment, capture_output=True, text=True, check=False
        )

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        done = self.run("git", "commit", "--quiet", "--message", message)
        assert done.returncode == 0, done.stderr

    def said(self, *arguments: str) -> str:
        """Return a command, what it printed (standard error marked) and how it ended."""
        done = self.run("planlint", *arguments)
        assert "Traceback" not in done.stderr
        errors = "".join(f"! {line}\n" for line in done.stderr.splitlines())
        return f"$ planlint {' '.join(arguments)}\n{done.stdout}{errors}[exit {done.returncode}]\n"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Go through the commits once; what is seen at each, by the name of its golden file."""
    story = Story(tmp_path_factory.mktemp("story"))
    seen: dict[str, str] = {}
    for number, (message, edit) in enumerate(COMMITS, 1):
        edit(story.repo)
        story.commit(message)
        page = f"{message}\n\n{story.said('check')}"
        if number > 1:
            page += "\n" + story.said("check", "--changed-since", "HEAD~1")
            page += "\n" + story.said("diff", "HEAD~1")
        if "risk closed" in message:
            page += "\n" + story.said("diff", "HEAD~1", "--format", "markdown")
        seen[f"{number:02}.txt"] = page
    return seen


def pinned(name: str, text: str) -> str:
    """Return the golden file's text; write it first when asked to."""
    file = GOLDEN / name
    if os.environ.get("PLANLINT_GOLDEN") == "write":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return file.read_text("utf-8")


@pytest.mark.parametrize("number", range(1, len(COMMITS) + 1))
def test_what_a_reviewer_sees(pages: dict[str, str], number: int) -> None:
    name = f"{number:02}.txt"
    assert pages[name] == pinned(name, pages[name])


def test_no_meaning_means_nothing_to_read(pages: dict[str, str]) -> None:
    assert "No plan changed in meaning." in pages["02.txt"]
    assert "No plan changed in meaning." in pages["04.txt"]
    assert "move" not in pages["07.txt"].partition("$ planlint diff")[2].replace(
        "was called move", ""
    ).replace("Move", "")


@pytest.fixture
def story(tmp_path: Path) -> Story:
    made = Story(tmp_path)
    first(made.repo)
    made.commit("first")
    return made


def test_the_baseline_is_the_plan_at_its_tag(story: Story) -> None:
    story.run("git", "tag", "approved")
    change(("title: Move into", "baseline: {ref: approved}\ntitle: Move into"))(story.repo)
    assert "[exit 0]" in story.said("check")
    change(("ref: approved", "ref: aproved"))(story.repo)
    said = story.said("check")
    assert "there is no revision 'aproved' in repo" in said
    assert "[exit 1]" in said


def test_known_diagnostics_survive_fifty_lines_above_and_a_renamed_sibling(story: Story) -> None:
    change(("    title: Sign the lease\n    owner: ana", "    title: Sign the lease"))(story.repo)
    assert "[exit 1]" in story.said("check")
    assert "known diagnostic" in story.said("check", "--baseline", "known.json", "--write-baseline")
    change(
        ("planlint: 1\n", "# a line\n" * 50 + "planlint: 1\n"),
        ("  choose:", "  pick:"),
        ("[choose]", "[pick]"),
    )(story.repo)
    said = story.said("check", "--baseline", "known.json")
    assert "[exit 0]" in said
    assert "gone" not in said
    change(("title: Sign the lease", "title: Sign the lease\n    owner: ana"))(story.repo)
    assert "! known.json: 1 known before and gone now" in story.said("check", "--baseline", "known.json")


def test_sarif_fingerprints_do_not_move_with_lines(story: Story) -> None:
    def fingerprints() -> list[str]:
        lines = story.run("planlint", "check", "--format", "sarif").stdout.splitlines()
        return [line.strip() for line in lines if '"planlint/v1"' in line]

    change(("owner: ana", "x-owner: ana"))(story.repo)
    before = fingerprints()
    change(("planlint: 1\n", "# a line\n" * 50 + "planlint: 1\n"))(story.repo)
    assert len(before) > 1
    assert fingerprints() == before


def test_what_a_change_breaks_elsewhere_in_the_plan_is_news(story: Story) -> None:
    change(("  ben: {name: Ben Cho}\n", ""))(story.repo)
    said = story.said("check", "--changed-since", "HEAD")
    assert said.count("error unknown-reference") == 2  # the owner of two tasks that nobody touched
    story.commit("Ben leaves")
    change(("name: Ana Ruiz", "name: Ana Diaz"))(story.repo)
    assert "unknown-reference" not in story.said("check", "--changed-since", "HEAD")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--changed-since", "nope"], "there is no revision 'nope' in repo"),
        (["diff", "nope"], "there is no revision 'nope' in repo"),
        (["diff", "HEAD", "--upload-pack=x"], "No such option"),
        (
            ["check", "--baseline", "nope.json"],
            "nope.json cannot be read: No such file or directory; --write-baseline",
        ),
        (["check", "--write-baseline"], "--write-baseline needs --baseline FILE"),
    ],
)
def test_wrong_use_is_said_and_exits_with_2(story: Story, arguments: list[str], message: str) -> None:
    done = story.run("planlint", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_of_a_repository(tmp_path: Path) -> None:
    story = Story(tmp_path)
    first(story.repo)
    story.environment["GIT_CEILING_DIRECTORIES"] = str(tmp_path)
    (story.repo / ".git").rename(tmp_path / "gone")
    for arguments in (["check", "--changed-since", "main"], ["diff", "main"]):
        done = story.run("planlint", *arguments)
        assert (done.returncode, done.stderr) == (2, "planlint: this folder is not in a Git repository\n")
    (story.repo / "copy.plan.yaml").write_text(PLAN.replace("effort: 3d", "effort: 5d"), "utf-8")
    assert "effort 3d → 5d" in story.run("planlint", "diff", FILE, "copy.plan.yaml").stdout


def test_without_git(story: Story) -> None:
    tools = story.repo.parent / "tools"
    tools.mkdir()
    (tools / "planlint").symlink_to(Path(sysconfig.get_path("scripts")) / "planlint")
    command = [sys.executable, "-m", "planlint", "diff", "main"]
    done = subprocess.run(
        command,
        cwd=story.repo,
        env={**story.environment, "PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "this needs the git command" in done.stderr


def test_the_hook_of_init_stops_a_commit(story: Story) -> None:
    pytest.importorskip("pre_commit")
    assert story.run("planlint", "init", "--yes").returncode == 0
    hook = [sys.executable, "-m", "pre_commit", "run"]
    story.run("git", "add", "--all")
    done = story.run(*hook)
    assert done.returncode == 0, done.stdout
    change(("    title: Sign the lease\n    owner: ana", "    title: Sign the lease"))(story.repo)
    story.run("git", "add", "--all")
    done = story.run(*hook)
    assert done.returncode == 1
    assert "task-without-owner" in done.stdout
