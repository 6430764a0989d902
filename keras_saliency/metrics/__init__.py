"""Metrics as pure functions of numpy arrays, and the table that names them."""
from typing import Callable, NamedTuple, Tuple

from keras_saliency.metrics.distribution_metrics import cc, emd, kld, sim
from keras_saliency.metrics.fixation_metrics import (
    auc_borji,
    auc_judd,
    auc_shuffled,
    information_gain,
    information_gain_density,
    log_likelihood,
    nmm,
    nss,
)


class MetricSpec(NamedTuple):
    """What a caller must know to score with a metric.

    Attributes:
        function: takes the prediction and then the references, and returns a float.
        references: names of the further arguments in order; the first is `fixation_map`,
            `fixation_density_map` or `mask`, a second one `other_map`, `baseline_map` or
            `baseline_log_density`.
        higher_is_better: direction.
        prediction: `saliency_map` (arbitrary scale) or `log_density` (logsumexp 0, nats).
        sampled: draws random nonfixations and takes `splits` and `seed`.
    """

    function: Callable[..., float]
    references: Tuple[str, ...]
    higher_is_better: bool = True
    prediction: str = "saliency_map"
    sampled: bool = False


METRICS = {
    "auc_judd": MetricSpec(auc_judd, ("fixation_map",)),
    "auc_borji": MetricSpec(auc_borji, ("fixation_map",), sampled=True),
    "auc_shuffled": MetricSpec(auc_shuffled, ("fixation_map", "other_map"), sampled=True),
    "nss": MetricSpec(nss, ("fixation_map",)),
    "information_gain": MetricSpec(information_gain, ("fixation_map", "baseline_map")),
    "information_gain_density": MetricSpec(
        information_gain_density, ("fixation_map", "baseline_log_density"),
        prediction="log_density"),
    "log_likelihood": MetricSpec(log_likelihood, ("fixation_map",), prediction="log_density"),
    "nmm": MetricSpec(nmm, ("mask",)),
    "cc": MetricSpec(cc, ("fixation_density_map",)),
    "sim": MetricSpec(sim, ("fixation_density_map",)),
    "kld": MetricSpec(kld, ("fixation_density_map",), higher_is_better=False),
    "emd": MetricSpec(emd, ("fixation_density_map",), higher_is_better=False),
}

__all__ = ["METRICS", "MetricSpec", *METRICS]
