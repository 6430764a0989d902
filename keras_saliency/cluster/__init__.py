"""The same work on many processes or machines, which Dask keeps: `connect`, and what it gives is
taken as `client` by predicting, scoring and the analysis of units."""
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
