"""The pictures of a folder, and what is left out of it with a word."""
import warnings

import pytest

from keras_saliency.files import InputError, InputWarning, addresses, folders
from keras_saliency.prediction.pictures import find_pictures

READ = ["a.jpg", "b.JPEG", "c.png", "d.bmp", "e.tif", "f.TIFF", "g.webp"]
SILENT = ["._a.jpg", ".DS_Store", ".hidden.heic", "Thumbs.db", "areas.csv", "notes.TXT", "map.npy"]
NAMED = ["clip.MP4", "film.mov", "h.HEIC", "i.heic", "logo.svg", "move.gif", "page.pdf", "noending"]


@pytest.fixture
def mixed(tmp_path):
    for name in (*READ, *SILENT, *NAMED):
        (tmp_path / name).write_bytes(b"x")
    for name in ("older", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "older" / "deep.raw").write_bytes(b"x")
    return tmp_path


def test_what_is_left_out_is_counted_and_named(mixed):
    with pytest.warns(InputWarning) as caught:
        assert [path.name for path in find_pictures(mixed)] == READ
    [warning] = caught
    assert str(warning.message) == (
        f"{mixed}: left out 1 .gif, 2 .heic, 1 .mov, 1 .mp4, 1 .pdf, 1 .svg, 1 folder, 1 without "
        "an ending (clip.MP4, film.mov, h.HEIC, i.heic, logo.svg and 4 more); the types that are "
        "read are jpg, jpeg, png, bmp, tif, tiff, webp")


def test_folders_apart_and_files_beside_pictures_are_no_cause_for_a_word(mixed):
    for name in NAMED:
        (mixed / name).unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(find_pictures(mixed, apart=[mixed / "older"])) == len(READ)
    assert folders.left_out(mixed).startswith("left out 1 folder (older);")


def test_a_folder_without_pictures_says_what_it_has(mixed):
    for name in READ:
        (mixed / name).unlink()
    with pytest.raises(InputError, match="no pictures in this folder; left out .* 2 .heic"):
        find_pictures(mixed)


def test_an_archive_counts_after_its_last_picture(mixed):
    with pytest.warns(InputWarning, match="left out 1 .gif, 2 .heic, 1 .mov, 1 .mp4, 1 .pdf, "
                                          "1 .raw, 1 .svg, 1 without an ending; the types"):
        assert [name for _, name in addresses.pictures(mixed)] == READ
