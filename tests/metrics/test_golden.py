"""Against the MIT benchmark's own numbers (shared/golden/metrics_mit.npz)."""
import numpy as np
import pytest

from keras_saliency.metrics import METRICS

# Our own sampling error is then far below the tolerances, which cover the reference's 1000.
SPLITS = 20000
# D and B are a fixation_density_map and a baseline_map
INPUTS = {"fixation_map": "F", "other_map": "O", "fixation_density_map": "D",
          "baseline_map": "B"}
COLUMNS = ("auc_judd", "auc_borji", "auc_shuffled", "nss", "cc", "sim", "kld",
           "information_gain")


@pytest.mark.parametrize("case", range(12))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_matlab(golden, case, dtype):
    with np.load(golden / "metrics_mit.npz") as stored:
        assert tuple(stored["columns"]) == COLUMNS
        expected = stored["expected"][case]
        maps = {name: stored[f"{key}{case}"] for name, key in INPUTS.items()}
        saliency_map = stored[f"S{case}"].astype(dtype)
    for name, value in zip(COLUMNS, expected):
        metric = METRICS[name]
        options = {"splits": SPLITS, "seed": case} if metric.sampled else {}
        score = metric.function(saliency_map, *(maps[r] for r in metric.references), **options)
        tolerance = (0.05 if case == 11 else 0.01) if metric.sampled else 1e-5
        assert score == pytest.approx(value, abs=tolerance, rel=0), name
