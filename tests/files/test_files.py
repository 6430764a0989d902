"""Files appear whole or not at all, and leave nothing behind; cells and texts are harmless."""
import errno
import multiprocessing
import os

import pytest

from keras_saliency import files
from keras_saliency.files import InputError, atomic_path


def test_atomic_path_keeps_name_ending_and_folder(tmp_path):
    target = tmp_path / "a" / "b" / "model.weights.h5"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent and temporary.name.endswith(".weights.h5")
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [p.name for p in target.parent.iterdir()] == ["model.weights.h5"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(error):
        with atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise error
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        with atomic_path(tmp_path / "x.txt"):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error, reason", [
    (OSError(errno.ENOSPC, "No space left on device"), "No space left"),
    (OSError("786432 requested and 1000 written"), "786432 requested")])  # numpy's
def test_a_full_disk_names_the_file(tmp_path, error, reason):
    with pytest.raises(OSError, match=reason) as raised:
        with atomic_path(tmp_path / "table.csv") as temporary:
            temporary.write_text("half")
            raise error
    assert raised.value.filename == str(tmp_path / "table.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_and_errors_of_others_keep_their_names(tmp_path):
    with pytest.raises(OSError, match="File name too long") as raised:
        with atomic_path(tmp_path / ("n" * 300)) as temporary:
            temporary.write_text("whole")
    assert raised.value.filename == str(tmp_path / ("n" * 300))
    for error in (ConnectionError("server is away"), FileNotFoundError(2, "none", "input.csv")):
        with pytest.raises(type(error)) as raised:
            with atomic_path(tmp_path / "table.csv"):
                raise error
        assert raised.value is error


def test_a_temporary_name_is_short_however_long_the_name_is(tmp_path):
    target = tmp_path / ("n" * 240 + ".png")
    with atomic_path(target) as temporary:
        assert len(temporary.name) < 60 and temporary.suffix == ".png"
        temporary.write_text("x")
    assert target.exists()


def _leave_half(path):
    context = atomic_path(path)  # kept, or its end would tidy up
    temporary = context.__enter__()
    temporary.write_text("half")
    os._exit(9)


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path):
    killed = multiprocessing.get_context("spawn").Process(
        target=_leave_half, args=(tmp_path / "a.txt",))
    killed.start()
    killed.join()
    left, = tmp_path.iterdir()
    mine = files.temporary_path(tmp_path / "b.txt")
    mine.write_text("being written")
    others = tmp_path / ".ks-00000000-1-12345678.txt"  # of another machine
    others.write_text("who knows")
    files.remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([mine, others]) and not left.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    files.require_writable(tmp_path / "new" / "folder" / "table.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is not a folder"):
        files.require_writable(tmp_path / "file" / "table.csv")


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "\tx", "\n=x", "\nx", "'=x", "''=x"])
def test_no_cell_is_a_formula(text):
    cell = files.safe_cell(text)
    assert cell.startswith("'") and files.plain_cell(cell) == text


@pytest.mark.parametrize("text", ["1001", "a=b", "'quoted'", "", "-0.25", "+1e-3", "-nan"])
def test_other_cells_stay(text):
    assert files.safe_cell(text) == text and files.plain_cell(text) == text


def test_tables_hold_numbers_and_no_formulas(tmp_path):
    files.write_csv(tmp_path / "t.csv", ("stimulus", "=nss"), [("@a", -0.5), ("b", "-0.5000")])
    assert files.read_csv(tmp_path / "t.csv") == [{"stimulus": "'@a", "'=nss": "-0.5"},
                                                  {"stimulus": "b", "'=nss": "-0.5000"}]
    assert (tmp_path / "t.csv").read_text().split() == [
        "stimulus,'=nss", "'@a,-0.5", "b,-0.5000"]


def test_no_text_steers_the_terminal():
    assert files.printable("\x1b[31mred\x07\n\u202etxt") == "\\x1b[31mred\\x07\n\\u202etxt"
