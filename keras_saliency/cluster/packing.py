"""Settings that all shards share, as bytes. Equal settings give equal bytes, and so one digest."""
import hashlib
import io
import pickle
import sys
from typing import Any


class _Pickler(pickle.Pickler):
    """Networks go as their layers and weights: what Keras writes of them differs each time."""

    def reducer_override(self, obj: Any) -> Any:
        keras = sys.modules.get("keras")  # without which there are no networks
        if keras is not None and isinstance(obj, keras.Model):
            return _network, (obj.to_json(), obj.get_weights())
        return NotImplemented


def pack(value: Any) -> bytes:
    """Return a value, with any networks in it, as bytes for `unpack` in the same software."""
    packed = io.BytesIO()
    _Pickler(packed, protocol=5).dump(value)
    return packed.getvalue()


def unpack(packed: bytes) -> Any:
    """Return the value that `pack` was given."""
    return pickle.loads(packed)


def digest(packed: bytes) -> str:
    """Return 16 letters that stand for some bytes."""
    return hashlib.sha256(packed).hexdigest()[:16]


def _network(layers, weights):
    """Build a network from its layers, whose configs hold its facts, and their weights."""
    import keras

    import keras_saliency.models.facts_layer  # noqa: F401  registers the layers

    model = keras.models.model_from_json(layers)
    model.set_weights(weights)
    return model
