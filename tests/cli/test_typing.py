"""A program of a user is checked by mypy, which finds the types of the package."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = """import numpy as np
import keras_saliency as ks

image = np.zeros((48, 64, 3), np.uint8)
model = ks.load_pretrained("msi_net")
saliency_map = ks.predict(model, image)
fixation_map = np.zeros(saliency_map.shape, int)
fixation_map[10, 20] = 1
score: float = ks.metrics.nss(saliency_map, fixation_map)
print(score, ", ".join(ks.list_models()), ks.accelerate(model, "auto", calibration=[image]))
"""


def check(folder, program) -> str:
    (folder / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "--no-error-summary",
         "program.py"], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "MYPYPATH": str(REPOSITORY)})
    return done.stdout + done.stderr


def test_a_program_is_clean_and_its_mistakes_are_found(tmp_path):
    assert check(tmp_path, PROGRAM) == ""
    said = check(tmp_path, PROGRAM + """
text: str = ks.metrics.nss(saliency_map, fixation_map)
ks.metrics.nss(saliency_map)
ks.metrics.cc(saliency_map, None)
ks.metrics.auc_borji(saliency_map, fixation_map, splits="many")
""")
    errors = [line.split("error: ")[1] for line in said.splitlines()]
    assert len(errors) == 4, said
    assert errors[0].startswith('Incompatible types in assignment (expression has type "float"')
    assert errors[1] == 'Missing positional argument "fixation_map" in call to "nss"  [call-arg]'
    assert '"cc" has incompatible type "None"' in errors[2]
    assert '"splits" to "auc_borji" has incompatible type "str"' in errors[3]
