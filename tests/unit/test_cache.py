"""The cache is never an error, and never wrong."""

import os
import threading
from pathlib import Path

import pytest

from planlint import cache as module
from planlint import resources
from planlint.cache import Cache

FILES = ["a.plan.yaml"]
CONTENTS = {"a.plan.yaml": b"planlint: 1\n"}


def key(cache: Cache) -> bytes:
    found = cache.key(FILES, CONTENTS)
    assert found is not None
    return found


def filled(folder: Path, salt: bytes = b"salt") -> Cache:
    cache = Cache(folder, (salt,))
    cache.put(key(cache), b"result")
    cache.save()
    return cache


def test_a_result_is_found_again(tmp_path: Path) -> None:
    filled(tmp_path)
    again = Cache(tmp_path, (b"salt",))
    assert again.get(key(again)) == b"result"


@pytest.mark.parametrize(
    ("files", "contents"),
    [
        (["b.plan.yaml"], CONTENTS),
        (FILES, {"a.plan.yaml": b"planlint: 1 "}),
        (FILES, {**CONTENTS, "people.yaml": b""}),
        (["a.plan.yaml", "b.plan.yaml"], CONTENTS),
    ],
)
def test_the_key_is_all_that_matters(files: list[str], contents: dict[str, bytes], tmp_path: Path) -> None:
    cache = Cache(tmp_path, (b"salt",))
    assert cache.key(files, contents) != key(cache)


def test_another_day_configuration_or_version_is_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = key(Cache(tmp_path, (b"choice", b"2026-02-16")))
    assert key(Cache(tmp_path, (b"choice", b"2026-02-17"))) != first
    monkeypatch.setattr(module, "__version__", "99")
    assert key(Cache(tmp_path, (b"choice", b"2026-02-16"))) != first


def test_in_a_checkout_planlints_own_source_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "PACKAGED", False)
    assert b"cache.py" in module.sources()
    monkeypatch.setattr(resources, "PACKAGED", True)
    assert module.sources() == b""


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x81\xa1a\x01", b"\x91" * 100_000, b"\x80garbage"])
def test_a_corrupted_file_means_starting_anew(content: bytes, tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "results.msgpack").write_bytes(content)
    cache = Cache(tmp_path, (b"salt",))
    assert cache.get(key(cache)) is None
    cache.put(key(cache), b"new")
    cache.save()
    again = Cache(tmp_path, (b"salt",))
    assert again.get(key(again)) == b"new"


def test_a_cut_file_means_starting_anew(tmp_path: Path) -> None:
    filled(tmp_path)
    file = tmp_path / "results.msgpack"
    file.write_bytes(file.read_bytes()[:-3])
    cache = Cache(tmp_path, (b"salt",))
    assert cache.get(key(cache)) is None


def test_a_pipe_or_folder_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.msgpack")
    cache = Cache(tmp_path, (b"salt",))
    assert cache.get(key(cache)) is None
    folder = tmp_path / "other"
    (folder / "results.msgpack").mkdir(parents=True)
    filled(folder)


def test_a_full_disk_is_no_error_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)
    before = (tmp_path / "results.msgpack").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache = Cache(tmp_path, (b"other",))
    cache.put(key(cache), b"x" * 1000)
    cache.save()
    assert (tmp_path / "results.msgpack").read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == [".gitignore", "results.msgpack"]


def test_a_home_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    filled(tmp_path / "file" / "planlint")  # a folder that cannot be made, for root as well


def test_no_link_is_followed_to_write(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "results.msgpack").symlink_to(outside)
    (folder / ".gitignore").symlink_to(outside)
    filled(folder)
    assert outside.read_text() == "precious"
    assert not (folder / "results.msgpack").is_symlink()


def test_two_runs_at_once_leave_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(1, 1000))
    monkeypatch.setattr(os, "getpid", lambda: next(numbers))  # threads stand for processes

    def work(number: int) -> None:
        for _ in range(20):
            filled(tmp_path, str(number).encode())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(file.name for file in tmp_path.iterdir()) == [".gitignore", "results.msgpack"]
    found = [Cache(tmp_path, (str(number).encode(),)) for number in range(4)]
    assert any(cache.get(key(cache)) == b"result" for cache in found)


def test_too_much_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 100)
    filled(tmp_path, b"old")
    cache = Cache(tmp_path, (b"new",))
    cache.put(key(cache), b"x" * 99)
    cache.save()
    old = Cache(tmp_path, (b"old",))
    assert old.get(key(old)) is None


def test_without_a_folder_nothing_is_remembered() -> None:
    cache = Cache(None, (b"salt",))
    assert cache.key(FILES, CONTENTS) is None
    cache.save()
