"""A folder of pictures: what is bad is left out and named; no file of the user is overwritten."""
import errno
import os
import resource
import subprocess
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras_saliency.files import InputError
from keras_saliency.prediction.pictures import output_stems, require_pictures
from keras_saliency.prediction.prediction_files import output_names, predict_all, write_prediction
from keras_saliency.serving import ServingError

REPOSITORY = Path(__file__).resolve().parents[2]


def brightness(image):
    return image.mean(-1, dtype=np.float32)


def write_picture(path, size=(20, 30), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def chunk(kind, data):
    return (len(data).to_bytes(4, "big") + kind + data
            + zlib.crc32(kind + data).to_bytes(4, "big"))


def write_giant(path, width=15000, height=15000):
    """A PNG that OpenCV decodes, black: some hundred kilobytes."""
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\1\0\0\0\0")
        + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


@contextmanager
def full_disk(bytes_left):
    """No file can be longer: what a process is told is the same but for the error's number."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def visible(folder):
    return sorted(p.name for p in folder.glob("[!.]*"))


@pytest.fixture
def mixed(tmp_path):
    """Two good pictures among all that is bad; nothing of it must be waited for."""
    folder = tmp_path / "mixed"
    write_picture(folder / "a.png")
    write_picture(folder / "z.jpg", (40, 25))
    write_picture(folder / f"{'long' * 62}.png")  # 252 characters: too long with _density
    write_giant(folder / "giant.png")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "away.jpg").symlink_to("nowhere")
    (folder / "inner.jpg").mkdir()
    (folder / "text.jpg").write_text("hello")
    (folder / "short.png").write_bytes((folder / "a.png").read_bytes()[:40])
    return folder


BAD = {"away.jpg": "No such file", "giant.png": "225000000 pixels", "inner.jpg": "not a regular",
       f"{'long' * 62}.png": "too long for a file name", "pipe.jpg": "not a regular file",
       "short.png": "not a picture", "text.jpg": "not a picture", "zero.jpg": "not a regular file"}


def test_bad_pictures_are_named_and_the_rest_goes_on(mixed, tmp_path, capsys):
    failed = predict_all(brightness, [mixed, tmp_path / "never"], tmp_path / "out")
    out, err = capsys.readouterr()
    assert "2 of 10 pictures predicted" in out
    assert len(failed) == len(BAD) + 1
    for (name, reason), message in zip(BAD.items(), failed[1:]):
        assert message.startswith(f"{mixed / name}: ") and reason in message
        assert f"error: {message}\n" in err
    assert failed[0] == f"{tmp_path / 'never'}: no such file or folder"
    assert visible(tmp_path / "out") == ["a_density.png", "a_overlay.png",
                                         "z_density.png", "z_overlay.png"]


def test_what_is_transparent_lies_on_the_color_that_is_asked_for(run, tmp_path):
    """Equal to the opaque picture on that color, in Python and as a command."""
    rgba = np.random.default_rng(0).integers(0, 256, (60, 80, 4), np.uint8)
    rgba[..., 3] = np.where(np.arange(80) < 40, 0, 255)
    color = np.where(rgba[..., 3:] == 0, (128, 128, 128), rgba[..., :3]).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), rgba)
    seen = []
    assert not predict_all(lambda image: seen.append(image) or brightness(image),
                           [tmp_path / "a.png"], tmp_path / "out", background=(128, 128, 128))
    np.testing.assert_array_equal(seen[0], color[..., ::-1])
    cv2.imwrite(str(tmp_path / "b.png"), color)
    code, said = run("predict", tmp_path / "a.png", tmp_path / "b.png", "--weights", "itti",
                     "--raw", "--background", "#808080", "--out", tmp_path / "maps")
    assert code == 0, said
    np.testing.assert_array_equal(*(np.load(tmp_path / "maps" / f"{name}.npy") for name in "ab"))


def test_a_name_of_240_characters_is_predicted(tmp_path):
    picture = write_picture(tmp_path / f"{'n' * 236}.png")
    assert not predict_all(brightness, [picture], tmp_path / "out")
    assert visible(tmp_path / "out") == output_names("n" * 236)


@pytest.mark.parametrize("answer, reason", [
    (np.full((20, 30), np.nan), "NaN or infinite values"), (np.zeros((3, 3)), "the map is 3x3"),
    (np.zeros((20, 30, 1)), "a map is"), (None, "a map is"),
    (ServingError("localhost: damaged"), "localhost: damaged"), (MemoryError(), "memory")])
def test_a_bad_map_is_named_and_the_rest_goes_on(tmp_path, answer, reason):
    def predict(image):
        if image.shape[:2] != (20, 30):
            return brightness(image)
        if isinstance(answer, Exception):
            raise answer
        return answer

    pictures = [write_picture(tmp_path / "in" / name, size) for name, size in (
        ("a.png", (10, 12)), ("bad.png", (20, 30)), ("c.png", (12, 10)))]
    failed = predict_all(predict, pictures, tmp_path / "out", raw=True)
    assert len(failed) == 1 and failed[0].startswith(f"{pictures[1]}: ") and reason in failed[0]
    assert visible(tmp_path / "out") == output_names("a", True)[2:] + output_names("a") \
        + output_names("c", True)[2:] + output_names("c")


def test_a_full_disk_stops_it_and_names_the_file(tmp_path, capsys):
    for index in range(100):
        write_picture(tmp_path / "in" / f"{index:03d}.png", (4, 4) if index < 2 else (300, 300))
    (tmp_path / "in" / "000a.png").write_text("no picture")
    seen = []
    with full_disk(2 ** 17):  # the record of what is going to be written has some of it
        with pytest.raises(OSError) as raised:
            predict_all(lambda image: seen.append(0) or brightness(image), [tmp_path / "in"],
                        tmp_path / "out")
    assert raised.value.errno == errno.EFBIG  # ENOSPC of a disk that is really full
    assert raised.value.filename.startswith(str(tmp_path / "out")) and "/.ks-" not in str(
        raised.value)
    assert len(seen) < 50  # the others were not begun
    out, err = capsys.readouterr()
    assert "2 of 101 pictures" in out and "000a.png: not a picture" in err
    assert all(cv2.imread(str(tmp_path / "out" / name)) is not None
               for name in visible(tmp_path / "out"))
    assert not list((tmp_path / "out").glob(".ks-*"))
    with full_disk(1024), pytest.raises(OSError) as raised:
        predict_all(pytest.fail, [tmp_path / "in"], tmp_path / "other")
    assert raised.value.filename == str(next((tmp_path / "other").iterdir()))


def test_the_limit_can_be_raised(tmp_path):
    write_picture(tmp_path / "a.png", (20, 30))
    assert "raise the limit" in predict_all(brightness, [tmp_path / "a.png"], tmp_path / "out",
                                    limit=599)[0]
    assert not predict_all(brightness, [tmp_path / "a.png"], tmp_path / "out", limit=600)


@pytest.mark.slow
def test_a_giant_takes_no_memory(tmp_path):
    """In a process of its own, whose peak is not that of other tests."""
    write_giant(tmp_path / "giant.png")
    code = ("import resource, sys\n"
            "from keras_saliency.prediction import read_picture\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "try:\n    read_picture(sys.argv[1])\nexcept ValueError as error:\n    print(error)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)")
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "giant.png"], text=True,
                          capture_output=True, check=True)
    message, grown = done.stdout.splitlines()[-2:]
    assert "225000000 pixels" in message and int(grown) < 50 * 1024  # kilobytes; it has 675 MB


def test_files_of_the_user_are_not_overwritten(tmp_path):
    picture, out = write_picture(tmp_path / "a.png"), tmp_path / "out"
    mine = out / "a_overlay.png"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(InputError, match="a_overlay.png is there already .*give another folder"):
        predict_all(brightness, [picture], out)
    assert mine.read_text() == "mine" and visible(out) == ["a_overlay.png"]
    mine.unlink()
    (out / "a.npy").write_text("mine")
    assert not predict_all(brightness, [picture], out)
    assert not predict_all(brightness, [picture], out)  # its own are replaced
    with pytest.raises(InputError, match="a.npy is there already"):
        predict_all(brightness, [picture], out, raw=True)
    other = write_picture(tmp_path / "other" / "a.png", seed=1)
    with pytest.raises(InputError, match="a_density.png is there already .* of .*other/a.png"):
        predict_all(brightness, [other], out)
    assert (out / "a.npy").read_text() == "mine"


def test_the_folder_of_the_pictures_is_refused(tmp_path):
    write_picture(tmp_path / "in" / "a.png")
    (tmp_path / "link").symlink_to("in")
    for out in (tmp_path / "in", tmp_path / "in" / ".." / "in", tmp_path / "link"):
        with pytest.raises(InputError, match="in: predictions .* give another folder"):
            predict_all(brightness, [tmp_path / "in"], out)
    assert os.listdir(tmp_path / "in") == ["a.png"]


def test_single_pictures_may_have_their_predictions_beside_them(tmp_path):
    picture = write_picture(tmp_path / "a.png")
    for _ in range(2):
        assert not predict_all(brightness, [picture], tmp_path)
    assert visible(tmp_path) == ["a.png", "a_density.png", "a_overlay.png"]
    with pytest.raises(InputError, match="a_density.png is one of the pictures to predict"):
        predict_all(brightness, sorted(tmp_path.glob("*.png")), tmp_path)  # as a shell's *.png
    assert visible(tmp_path) == ["a.png", "a_density.png", "a_overlay.png"]


def test_a_folder_that_cannot_be_made_is_reported_before_work(tmp_path):
    picture = write_picture(tmp_path / "a.png")
    with pytest.raises(InputError, match="a.png is not a folder"):
        predict_all(pytest.fail, [picture], picture / "out")


def test_a_damaged_record_is_no_permission(tmp_path):
    picture, out = write_picture(tmp_path / "a.png"), tmp_path / "out"
    predict_all(brightness, [picture], out)
    record, = out.glob(".*")
    whole = record.read_bytes()
    for damaged in (whole[:-3], b"\xff\xfe{", b"[" * 10 ** 5, b"[[1], 2]\n5\nnull\n"):
        record.write_bytes(damaged)
        with pytest.raises(InputError, match="is there already"):
            predict_all(brightness, [picture], out)
    record.write_bytes(whole + b'["cut off by')
    predict_all(brightness, [write_picture(tmp_path / "b.png")], out)
    assert not predict_all(brightness, [picture, tmp_path / "b.png"], out)


def test_write_prediction_writes_nothing_of_a_bad_map(tmp_path):
    image = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(InputError, match="4x6, the image 4x5"):
        write_prediction(image, np.zeros((4, 6)), "a", tmp_path)
    assert not list(tmp_path.iterdir())


def test_stems_of_many_pictures():
    pictures = [Path(f"{index % 15000}.{'jpg' if index < 15000 else 'png'}")
                for index in range(16000)]
    stems = output_stems(pictures)
    assert stems[:2] == ["0_jpg", "1_jpg"] and stems[15000:15002] == ["0_png", "1_png"]
    assert stems[1000:15000] == [str(index) for index in range(1000, 15000)]
    with pytest.raises(InputError, match="^b/7.jpg and c/7.jpg would write the same files"):
        output_stems([Path(f"a/{index}.png") for index in range(7)]
                     + [Path("b/7.jpg"), Path("c/7.jpg")])
    with pytest.raises(InputError, match="^a_jpg.bmp and a.jpg would write the same files"):
        output_stems([Path("a_jpg.bmp"), Path("a.jpg"), Path("a.png")])
    assert output_stems([]) == []


def test_escapes_in_names_do_not_reach_the_terminal(tmp_path, capsys):
    (tmp_path / "a\x1b[31m.jpg").write_text("no picture")
    predict_all(brightness, [tmp_path / "a\x1b[31m.jpg"], tmp_path / "out\udcff")
    out, err = capsys.readouterr()
    assert "\x1b" not in err and "a\\x1b[31m.jpg: not a picture" in err
    assert "out\\udcff" in out


def test_the_script_in_one_line_each(run, mixed, tmp_path):
    def predict(*arguments):
        code, said = run("predict", "--weights", "center_bias", *arguments)
        assert "Traceback" not in said
        return code, said, [line for line in said.splitlines() if line.startswith("error: ")]

    code, said, errors = predict(mixed, "--out", tmp_path / "out")
    assert code == 1 and "2 of 10 pictures" in said and len(errors) == len(BAD)
    code, _, errors = predict(mixed, "--out", mixed)
    assert code == 2 and len(errors) == 1 and "give another folder" in errors[0]
    picture = write_picture(tmp_path / "b.png", (90, 90))
    code, _, errors = predict(picture, "--limit", "8099", "--out", tmp_path / "out")
    assert code == 1 and "8100 pixels, more than the limit of 8099" in errors[0]
    with full_disk(17000):
        code, _, errors = predict(picture, "--out", tmp_path / "out")
    assert code == 1 and errors == [f"error: {tmp_path / 'out' / 'b_overlay.png'}: File too large"]


def test_pictures_are_looked_for_before_a_network_is_loaded(run, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    write_picture(tmp_path / "a.png")
    monkeypatch.setattr("keras_saliency.prediction.predictor.predictor", None)  # not called
    for paths, message in (([tmp_path / "none.jpg"], "none.jpg: no such file or folder"),
                           ([tmp_path / "empty"], "empty: no pictures in this folder"),
                           ([tmp_path / "empty", tmp_path / "b.jpg"], "empty: no pictures")):
        code, said = run("predict", *paths, "--weights", "center_bias", "--out", tmp_path / "out")
        assert code == 2 and message in said and said.count("\n") == 1 and "0 of 0" not in said
    require_pictures([tmp_path / "none.jpg", tmp_path / "a.png"])  # the rest is predicted
    require_pictures(["s3://bucket/folder"])
