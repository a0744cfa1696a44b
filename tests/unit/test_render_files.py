"""Writing: all or nothing, inside the folder only, and nobody else's file touched."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planlint.errors import UsageError
from planlint.render.files import apply, changes, difference, injected
from planlint.render.pages import Shared

PAGE = "<!-- planlint:page a -->\n<!-- planlint:source plans/a.plan.yaml -->\n\n# A\n"


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def write(folder: Path, pages: dict[str, str], **more: Any) -> None:
    apply(changes(folder, pages, more.get("shared", ()), more.get("exists", lambda _: True)))


def test_pages_are_written_and_written_again_only_when_they_differ(tmp_path: Path) -> None:
    out = tmp_path / "docs" / "plans"
    write(out, {"a.md": PAGE})
    assert everything(out) == {"a.md": PAGE.encode()}
    assert changes(out, {"a.md": PAGE}, (), lambda _: True) == {}
    write(out, {"a.md": PAGE + "more\n"})
    assert everything(out) == {"a.md": (PAGE + "more\n").encode()}


def test_a_page_of_somebody_else_stays(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# My own notes\n", "utf-8")
    with pytest.raises(UsageError, match="not a page of planlint's"):
        write(tmp_path, {"a.md": PAGE, "b.md": PAGE})
    assert everything(tmp_path) == {"a.md": b"# My own notes\n"}


def test_a_page_with_front_matter_or_crlf_is_known_again(tmp_path: Path) -> None:
    front = '---\ntitle: "A"\n---\n' + PAGE
    write(tmp_path, {"a.md": front})
    (tmp_path / "a.md").write_bytes(front.replace("\n", "\r\n").encode())
    write(tmp_path, {"a.md": front + "x\n"})
    assert everything(tmp_path) == {"a.md": (front + "x\n").encode()}


def test_a_link_in_the_way_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    outside = tmp_path / "outside.md"
    outside.write_text(PAGE, "utf-8")
    (out / "a.md").symlink_to(outside)
    with pytest.raises(UsageError, match="no regular file"):
        write(out, {"a.md": PAGE + "new\n"})
    assert outside.read_text("utf-8") == PAGE


@pytest.mark.parametrize("name", ["../a.md", "sub/a.md", "/tmp/a.md", ".."])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="outside"):
        write(tmp_path / "out", {name: PAGE})
    assert everything(tmp_path) == {}


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="not a folder"):
        write(tmp_path / "out", {"a.md": PAGE})
    with pytest.raises(UsageError, match="cannot"):
        write(tmp_path / "out" / "inner", {"a.md": PAGE})
    assert everything(tmp_path) == {"out": b"mine"}


def test_when_one_page_cannot_be_written_the_old_ones_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.md": PAGE, "b.md": PAGE})
    before = everything(tmp_path)
    real, calls = os.fdopen, iter(range(9))

    def full(descriptor: int, mode: str) -> Any:
        if next(calls):
            os.close(descriptor)
            raise OSError(28, "No space left on device")
        return real(descriptor, mode)

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(UsageError, match=r"No space left on device; the old pages are whole"):
        write(tmp_path, {"a.md": PAGE + "1\n", "b.md": PAGE + "2\n"})
    assert everything(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_keeps_its_pages(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": PAGE})
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="the old pages are whole"):
        write(tmp_path, {"a.md": PAGE + "x\n"})
    tmp_path.chmod(0o700)
    assert everything(tmp_path) == {"a.md": PAGE.encode()}


def test_pages_of_plans_that_are_gone_are_removed_and_no_others(tmp_path: Path) -> None:
    pages = {"a.md": PAGE, "a.svg": PAGE, "b.md": PAGE.replace("a.plan", "b.plan")}
    write(tmp_path, pages)
    (tmp_path / "mine.md").write_text("about <!-- planlint:source plans/a.plan.yaml -->\n", "utf-8")
    (tmp_path / "old.txt").write_text(PAGE, "utf-8")
    write(tmp_path, {"c.md": PAGE.replace("a.plan", "c.plan")}, exists=lambda file: "a.plan" not in file)
    assert set(everything(tmp_path)) == {"b.md", "c.md", "mine.md", "old.txt"}


def test_home_and_sidebar_are_shared_with_people(tmp_path: Path) -> None:
    body = "<!-- planlint:begin index -->\n\nplans\n\n<!-- planlint:end -->"
    shared = (Shared("Home.md", body, "# Plans\n\n"),)
    write(tmp_path, {}, shared=shared)
    home = tmp_path / "Home.md"
    assert home.read_text("utf-8") == f"# Plans\n\n{body}\n"
    home.write_bytes(b"Welcome\r\n<!-- planlint:begin index -->\r\nold\r\n<!-- planlint:end -->\r\nbye \xff")
    write(tmp_path, {}, shared=shared)
    assert home.read_bytes() == b"Welcome\r\n" + body.encode() + b"\r\nbye \xff"
    home.write_text("all mine", "utf-8")
    with pytest.raises(UsageError, match="no place for planlint"):
        write(tmp_path, {}, shared=shared)
    assert home.read_text("utf-8") == "all mine"


def test_a_diff_names_the_files(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": PAGE, "gone.md": PAGE})
    found = changes(tmp_path, {"a.md": PAGE + "x\n", "new.md": PAGE}, (), lambda _: False)
    text = "".join(difference(found, lambda path: path.name))
    assert "--- a/a.md\n+++ b/a.md\n" in text
    assert "+x\n" in text
    assert f"--- {os.devnull}\n+++ b/new.md" in text
    assert f"--- a/gone.md\n+++ {os.devnull}" in text


BEGIN, END = "<!-- planlint:begin {} {} -->", "<!-- planlint:end -->"


def inject(tmp_path: Path, text: bytes) -> bytes:
    file = tmp_path / "README.md"
    file.write_bytes(text)
    apply(injected(file, "README.md", lambda slot: f"{slot.section} of {slot.plan}\nline"))
    return file.read_bytes()


def test_injection_fills_every_place_and_keeps_every_other_byte(tmp_path: Path) -> None:
    mark, end = b"<!-- planlint:begin summary a -->", END.encode()
    text = (
        b"\xef\xbb\xbfmine \xff\r\n"
        + mark
        + b"\r\nold\r\n"
        + end
        + b"\r\n  "
        + mark
        + b"\n"
        + end
        + b"\rlast, no newline"
    )
    first = inject(tmp_path, text)
    filled = b"\r\n\r\nsummary of a\r\nline\r\n\r\n"
    assert first.startswith(b"\xef\xbb\xbfmine \xff\r\n" + mark + filled + end + b"\r\n  " + mark)
    assert first.endswith(mark + filled.replace(b"\r", b"") + end + b"\rlast, no newline")
    assert inject(tmp_path, first) == first


@pytest.mark.parametrize("fence", ["```", "~~~~", "   ```md"])
def test_markers_in_fenced_code_are_text(tmp_path: Path, fence: str) -> None:
    shown = f"{fence}\n{BEGIN.format('x', 'y')}\n{fence.strip().rstrip('md')}\n"
    text = f"{shown}{BEGIN.format('work', 'a')}\n{END}\n".encode()
    assert inject(tmp_path, text).startswith(shown.encode())
    with pytest.raises(UsageError, match="no line is"):
        inject(tmp_path, shown.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing here\n", "README.md: no line is"),
        ("\n<!-- planlint:begin work a -->\n", r"README.md:2: .* has no '<!-- planlint:end -->'"),
        (
            "<!-- planlint:begin work a -->\n<!-- planlint:begin next a -->\n<!-- planlint:end -->\n",
            r"README.md:1: ",
        ),
        ("<!-- planlint:begin work -->\n<!-- planlint:end -->\n", r"README.md:1: a marker is"),
    ],
)
def test_wrong_markers_are_refused_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        inject(tmp_path, text.encode())
    assert (tmp_path / "README.md").read_text("utf-8") == text


@pytest.fixture(autouse=True)
def _whole(tmp_path: Path) -> Iterator[None]:
    yield
    left = list(tmp_path.rglob(".*planlint*"))
    shutil.rmtree(tmp_path, ignore_errors=True)
    assert left == []
