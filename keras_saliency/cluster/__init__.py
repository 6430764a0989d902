"""The same work on many processes or machines, with Dask: `connect` returns the `client` argument
of predicting, scoring and unit analysis."""
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.cluster.client import Cluster
    from keras_saliency.cluster.connection import connect

__all__ = ["Cluster", "connect"]

__getattr__, __dir__ = lazy(__name__, {
    "Cluster": "keras_saliency.cluster.client",
    "connect": "keras_saliency.cluster.connection",
})
