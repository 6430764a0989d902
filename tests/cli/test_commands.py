"""The commands under each of their names; they answer questions without importing TensorFlow."""
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from keras_saliency import cli
from keras_saliency.cli import analyze_units, export, import_weights, options
from keras_saliency.evaluation.sources import BASELINES
from keras_saliency.export import tflite
from keras_saliency.models import importing, list_models, list_pretrained
from keras_saliency.units import detectors

REPOSITORY = Path(__file__).resolve().parents[2]
COMMANDS = sorted({**cli.COMMANDS, **cli.CLONE_COMMANDS})
HEAVY = ("tensorflow", "keras", "scipy", "matplotlib.pyplot")
QUESTIONS = [[]] + [[command, "--help"] for command in COMMANDS]
MISTAKES = [  # arguments, and a part of the one line that they give
    (["predcit"], "no command 'predcit'; did you mean predict?"),
    (["predict", "x.jpg", "--wieghts", "ead"], "no option --wieghts; did you mean --weights?"),
    (["predict", "x.jpg", "--weight", "ead"], "no option --weight; did you mean --weights?"),
    (["predict", "x.jpg"], "x.jpg: no such file or folder"),
    (["predict", "x.jpg", "--background", "whtie"], "must be a color such as gray or #808080"),
    (["predict", "x.jpg", "--server", "localhost:1"], "x.jpg: no such file or folder"),
    (["predict", "x.jpg", "--weights", "x.onnx"], "x.jpg: no such file or folder"),
    (["predict", "x.jpg", "--weights", "msi_nte"], "no weights 'msi_nte'"),
    (["predict", "x.jpg", "--weights", "runs/x.h5"], "runs/x.h5: no such weights file"),
    (["train", "--config", "msi_net_osei"], "no config file msi_net_osei; did you mean msi_net_os"),
    (["train", "--config", "nowhere.yaml"], "no config file nowhere.yaml"),
    (["train", "--set", "train.epoch=1"], "no key 'train.epoch'"),
    (["evaluate", "--wieghts", "ead"], "no option --wieghts; did you mean --weights?"),
    (["evaluate", "--maps", "nowhere"], "nowhere: no such file or folder"),
    (["evaluate", "--compare", "a.csv", "b.csv"], "a.csv: no such file or folder"),
    (["evaluate", "--baseline", "uniform", "--config", "msi_net_osie", "--set", "data.root=x"],
     "x: no such file or folder"),
    (["calibrate", "--out", "x.h5", "--config", "nowhere"], "no config file nowhere"),
    (["areas", "x.jpg", "--areas", "x.csv"], "x.csv: no such file or folder"),
    (["areas", "x.jpg", "--areas", "x.csv", "--limit", "4e7"], "--limit: must be from 1 to 107374"),
    (["predict", "x.jpg", "--limit", "0"], "--limit: must be from 1 to 107374"),
    (["analyze-units", "--weights", "eda"], "did you mean ead?"),
    (["dissect", "nowhere"], "nowhere: no folder"),
    (["export", "eda", "--onnx", "x.onnx"], "no weights 'eda'"),
    (["import-weights", "salgan", "x.npz"], "x.npz: no such file or folder"),
    (["import-weights", "salgna", "x.npz"], "invalid choice: 'salgna'"),
    (["summary", "msi_net", "--option", "aspp"], "--option 'aspp': write key=value"),
    (["release", "ead", "--scores", "x.json"], "x.json: No such file or directory"),
    (["benchmark", "metric"], "invalid choice: 'metric'"),
]


def test_nothing_is_imported_for_an_answer(tmp_path):
    """All in one process that has TensorFlow at no time."""
    program = f"""
import contextlib, io, json, sys
from keras_saliency import cli

answers = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["keras-saliency", *arguments]
    said, warned = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(warned):
        try:
            cli.main()
        except SystemExit as ended:
            answers.append([ended.code, said.getvalue(), warned.getvalue()])
    found = [name for name in {HEAVY} if name in sys.modules]
    assert not found, (arguments, found)
print(json.dumps(answers))
"""
    asked = QUESTIONS + [arguments for arguments, _ in MISTAKES]
    done = subprocess.run([sys.executable, "-c", program, json.dumps(asked)], cwd=tmp_path,
                          capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    for [command, _], (code, said, _) in zip(QUESTIONS[1:], answers[1:]):
        assert code == 0 and said.count(f"keras-saliency {command}") >= 2, said
    code, _, listed = answers[0]
    assert code == 2 and all(f"\n  {command} " in listed for command in COMMANDS)
    for (arguments, message), (code, _, warned) in zip(MISTAKES, answers[len(QUESTIONS):]):
        assert code == 2 and warned.startswith("error: ") and message in warned, (arguments, warned)
        assert warned.count("\n") == 1, warned
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["predict", "import-weights", "reproduce"])
def test_every_way_to_run_a_command_is_the_same(command, monkeypatch, capsys):
    ways = ((cli.main, ["keras-saliency", command]),
            (lambda: runpy.run_module("keras_saliency", run_name="__main__"), ["-m", command]),
            (lambda: runpy.run_path(str(REPOSITORY / "scripts" /
                                        f"{command.replace('-', '_')}.py"), run_name="__main__"),
             ["x.py"]))
    said = []
    for main, argv in ways:
        monkeypatch.setattr(sys, "argv", [*argv, "--help"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] == said[2] and said[0].startswith(f"usage: keras-saliency {command}")


def test_each_command_has_a_script_that_other_processes_may_import():
    """Processes that a cluster of this machine starts import the script that started them."""
    scripts = {path.stem.replace("_", "-"): path for path in (REPOSITORY / "scripts").glob("*.py")}
    assert sorted(scripts) == COMMANDS
    for command, path in scripts.items():
        assert path.read_text().splitlines() == [
            "from keras_saliency.cli import main", "", 'if __name__ == "__main__":',
            f'    main("{command}")']


def test_commands_of_a_clone_say_so_elsewhere(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli, "CLONE", tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "bin"), *sys.path])
    for command, folder in (("reproduce", "papers/"), ("benchmark", "benchmarks/")):
        monkeypatch.setattr(sys, "argv", ["keras-saliency", command, "--help"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
        assert f"{command} needs {folder}, which is not installed" in capsys.readouterr().err


def test_what_the_parsers_know_is_what_the_library_has(monkeypatch, capsys):
    """Names and defaults that parsers repeat, so as not to import TensorFlow for them."""
    assert sorted(import_weights.MODELS) == sorted(importing.CONVERTERS)
    assert (analyze_units.BEST_IMAGES, analyze_units.THRESHOLD) == (
        detectors.BEST_IMAGES, detectors.THRESHOLD)
    assert export.QUANTIZE == tflite.QUANTIZE
    monkeypatch.setattr(sys, "argv", ["keras-saliency", "evaluate", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    said = capsys.readouterr().out
    assert all(name in said for name in (*BASELINES, *list_models(classical=True)))
    monkeypatch.delitem(sys.modules, "tensorflow")
    options.require_weights(*list_models(classical=True), *list_pretrained(), "weights")
