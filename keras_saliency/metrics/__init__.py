"""Metrics as pure functions of numpy arrays, and the table that names them."""
from typing import Callable, NamedTuple, Tuple

from keras_saliency.metrics.auc_metrics import auc_borji, auc_judd, auc_shuffled
from keras_saliency.metrics.distribution_metrics import cc, emd, kld, sim
from keras_saliency.metrics.fixation_metrics import (
    information_gain,
    information_gain_density,
    log_likelihood,
    nmm,
    nss,
)


class MetricSpec(NamedTuple):
    """A metric, its arguments, and the facts that tables and plots show of it.

    Attributes:
        function: takes the prediction and then the references, and returns a float.
        references: names of the further arguments in order; the first is `fixation_map`,
            `fixation_density_map` or `mask`, a second one `other_map`, `baseline_map` or
            `baseline_log_density`.
        higher_is_better: direction.
        prediction: `saliency_map` (arbitrary scale) or `log_density` (logsumexp 0, nats).
        sampled: draws random nonfixations and takes `splits` and `seed`.
        label: name for plots, pages and tables. unit: of the value; "" for a pure number.
    """

    function: Callable[..., float]
    references: Tuple[str, ...]
    higher_is_better: bool = True
    prediction: str = "saliency_map"
    sampled: bool = False
    label: str = ""
    unit: str = ""


METRICS = {
    "auc_judd": MetricSpec(auc_judd, ("fixation_map",), label="AUC-Judd"),
    "auc_borji": MetricSpec(auc_borji, ("fixation_map",), sampled=True, label="AUC-Borji"),
    "auc_shuffled": MetricSpec(auc_shuffled, ("fixation_map", "other_map"), sampled=True,
                               label="shuffled AUC"),
    "nss": MetricSpec(nss, ("fixation_map",), label="NSS"),
    "information_gain": MetricSpec(information_gain, ("fixation_map", "baseline_map"),
                                   label="information gain", unit="bits"),
    "information_gain_density": MetricSpec(
        information_gain_density, ("fixation_map", "baseline_log_density"),
        prediction="log_density", label="information gain", unit="bits"),
    "log_likelihood": MetricSpec(log_likelihood, ("fixation_map",), prediction="log_density",
                                 label="log-likelihood", unit="nats"),
    "nmm": MetricSpec(nmm, ("mask",), label="NMM"),
    "cc": MetricSpec(cc, ("fixation_density_map",), label="CC"),
    "sim": MetricSpec(sim, ("fixation_density_map",), label="SIM"),
    "kld": MetricSpec(kld, ("fixation_density_map",), higher_is_better=False, label="KLD",
                      unit="nats"),
    "emd": MetricSpec(emd, ("fixation_density_map",), higher_is_better=False, label="EMD",
                      unit="32 pixels"),
}


def metric_label(name: str) -> str:
    """Return a metric's label with its unit ("KLD, nats"); other names with spaces for "_"."""
    spec = METRICS.get(name)
    if spec is None:
        return name.replace("_", " ")
    return f"{spec.label}, {spec.unit}" if spec.unit else spec.label


__all__ = ["METRICS", "MetricSpec", "metric_label", *METRICS]
