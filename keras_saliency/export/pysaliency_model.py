"""A model of this package as a model of pysaliency, for its metrics and datasets."""
from typing import Any, Optional

import numpy as np

from keras_saliency.files import import_optional
from keras_saliency.files.picture_pixels import on_ground
from keras_saliency.prediction.predictor import predict, predictor


def to_pysaliency(model: Any, canvas: Optional[tuple] = None, **options: Any) -> Any:
    """Return a saliency model as a model of pysaliency.

    Args:
        model, canvas: as of `predict`.
        **options: of the pysaliency class, such as `cache_location`.

    Returns:
        pysaliency.SaliencyMapModel whose maps are those of `keras_saliency.predict`, or
        pysaliency.Model whose log-densities are theirs where the network gives a density, as a
        calibrated one does; gray stimuli [H, W] are taken as RGB; transparent ones
        lie on white.

    Raises:
        MissingPackage: pysaliency, or torch, which it imports, is not installed.
    """
    pysaliency = import_optional("pysaliency", "pysaliency")

    def predicted(stimulus):
        image = np.atleast_3d(stimulus)
        if image.shape[2] < 3:  # gray, perhaps with alpha
            image = np.concatenate([image[..., :1]] * 3 + [image[..., 1:]], axis=-1)
        if image.shape[2] == 4:
            image = on_ground(image) if image.dtype == np.uint8 else image[..., :3]
        return predict(model, image, canvas)

    class KerasSaliencyModel(pysaliency.SaliencyMapModel):
        def _saliency_map(self, stimulus):
            return predicted(stimulus)

    class KerasDensityModel(pysaliency.Model):
        def _log_density(self, stimulus):
            density = predicted(stimulus).astype(np.float64)
            return np.log(density / density.sum())

    return (KerasDensityModel if predictor(model).facts.density
            else KerasSaliencyModel)(**options)
