"""Scene classification on the stimuli of a saliency dataset.

VGG16 with three dense layers learns scenes from a folder of images for each. Its encoder can then
be compared with one trained for saliency (`scripts/analyze_units.py`), which tells whether task or
data shape the units. The attention of its last convolution is compared with the fixations, apart
for images that it classifies right and wrong.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 8, Tables 7 and 8. The paper does
not state the widths of the dense layers; the default is VGG16's.
"""
import json
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_saliency.addons import TQDMProgressBar
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.files import InputError, atomic_path, list_some
from keras_saliency.files.folders import list_files
from keras_saliency.files.orientation import STORED
from keras_saliency.models import weights_file
from keras_saliency.models.backbones import vgg16
from keras_saliency.models.layers import Preprocess
from keras_saliency.models.pretrained import load_encoder
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.training import features
from keras_saliency.units.activations import activation_model
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.unit_nss import fixation_weights, score_units

CANVAS, LAYER = (224, 224), "block5_conv3"
LEAST_IMAGES = 50  # fewest images of a scene, the paper's rule


@dataclass(frozen=True)
class Scenes:
    """Images with one scene each, ordered by path.

    Attributes:
        stimuli: N paths. labels: int [N]. names: of the scenes.
    """

    stimuli: list
    labels: np.ndarray
    names: list
    orientation = STORED

    def __len__(self):
        return len(self.stimuli)


def read_scenes(root, least=LEAST_IMAGES) -> Scenes:
    """Read images from one folder for each scene: `root/kitchen/a.jpg`.

    Args:
        least: scenes with fewer images are left out (section 3: 50). At least 2: one image trains,
            one validates.

    Raises:
        InputError: least is below 2. DatasetError: no such folder, or fewer than two scenes
            remain.
    """
    if least < 2:
        raise InputError(f"a scene needs at least 2 images, one to train and one to validate; "
                         f"least_images is {least}")
    require(root is not None and Path(root).is_dir(), f"scenes: no folder {root}; it should hold a "
                                                      "folder of images for each scene")
    folders = {p.name: list_files(p) for p in sorted(Path(root).iterdir()) if p.is_dir()}
    kept = {name: paths for name, paths in folders.items() if len(paths) >= least}
    sizes = [f"{name} ({len(paths)})" for name, paths in folders.items()]
    require(len(kept) > 1, f"scenes: {root} has {len(kept)} scenes with at least {least} images, "
                           f"the paper's rule; --least-images lowers it. It holds "
                           f"{list_some(sizes) or 'no folders'}")
    return Scenes([p for paths in kept.values() for p in paths],
                  np.repeat(np.arange(len(kept)), [len(paths) for paths in kept.values()]),
                  list(kept))


def scene_classifier(scenes: int, dense=(4096, 4096), width_multiplier=1.0) -> keras.Model:
    """Build VGG16 with three dense layers: RGB 0..255 [B, 224, 224, 3] -> [B, scenes]."""
    image = keras.Input((*CANVAS, 3), name="image")
    x = vgg16(Preprocess("caffe", name="preprocess")(image),
              width_multiplier=width_multiplier)["block5_pool"]
    x = layers.Flatten(name="flatten")(x)
    for index, width in enumerate(dense, start=1):
        x = layers.Dense(width, activation="relu", name=f"dense{index}")(x)
    x = layers.Dense(scenes, activation="softmax", name=f"dense{len(dense) + 1}")(x)
    return keras.Model(image, x, name="scene_classifier")


def class_weights(labels, scenes: int) -> np.ndarray:
    """Return N / (scenes * images of the scene), float32 [scenes]; scenes then count alike."""
    counts = np.bincount(labels, minlength=scenes)
    return (len(labels) / (scenes * np.maximum(counts, 1))).astype(np.float32)


def split_scenes(labels, seed=42, share=0.8) -> tuple:
    """Return (training, validation) indices: `share` of each scene trains, and not all of it."""
    rng, training, validation = np.random.RandomState(seed), [], []
    for scene in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == scene))
        border = min(max(1, round(share * len(members))), len(members) - 1)
        training += members[:border].tolist()
        validation += members[border:].tolist()
    return np.sort(training), np.sort(validation)


def train_scenes(scenes: Scenes, folder, encoder_weights="imagenet", finetune_layers=1, epochs=5,
                 batch=16, learning_rate=1e-4, seed=1, log=print, **options) -> tuple:
    """Train the dense layers and the last `finetune_layers` convolutions.

    Writes `scene_encoder.h5` (all weights; `encoder_weights=PATH` and analyze_units.py read its
    convolutions) and `scenes.csv` (loss and accuracy by epoch).

    Args:
        options: of `scene_classifier`.

    Returns:
        (model, validation indices).
    """
    keras.utils.set_random_seed(seed)
    folder, count = Path(folder), len(scenes.names)
    model = scene_classifier(count, **options)
    if encoder_weights is not None:
        load_encoder(model, encoder_weights)
    features.finetune_last(model, finetune_layers)
    trunk, head = features.split_at_frozen(model)
    weights = tf.constant(class_weights(scenes.labels, count))

    def loss(one_hot, probabilities):
        return tf.reduce_mean(-tf.reduce_sum(
            weights * one_hot * tf.math.log(probabilities + 1e-7), axis=-1))

    training, validation = split_scenes(scenes.labels)
    log(f"{len(scenes)} images of {count} scenes; {len(validation)} for validation")
    loaders = [features.cached_loader(features.cache_features(
        trunk, [_stream(scenes, part, batch)], len(part), label=f"caching the {name} set"),
        len(part)) for name, part in (("training", training), ("validation", validation))]
    head.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    batch = min(batch, len(training))
    orders = pipeline.epoch_orders(len(training), batch, seed, False, range(epochs))
    (folder / "scenes.csv").parent.mkdir(parents=True, exist_ok=True)
    head.fit(pipeline.training_stream(orders, loaders[0], batch), epochs=epochs, verbose=0,
             steps_per_epoch=pipeline.steps_per_epoch(len(training), batch),
             validation_data=pipeline.indexed_stream(len(validation), loaders[1], batch),
             callbacks=[keras.callbacks.CSVLogger(str(folder / "scenes.csv")),
                        TQDMProgressBar()])
    weights_file.save(model, folder / "scene_encoder.h5", {
        "encoder": "vgg16", "preprocessing": "caffe", "training_data": "scenes",
        "training_stimuli": len(training), "scenes": scenes.names})
    return model, validation


def attention_by_outcome(model, scenes: Scenes, indices, dataset: SaliencyDataset,
                         layer=LAYER) -> dict:
    """Score the classifier's attention by NSS, apart for right and wrong predictions (Table 8).

    The attention is the mean activation_map of `layer`. File names match images with the stimuli
    of `dataset`; images without fixations are left out.

    Returns:
        {"correct": mean NSS or NaN, "wrong": ..., "accuracy": share, "images": [correct, wrong]}.

    Raises:
        DatasetError: no image is a stimulus of the dataset.
    """
    stimuli = {Path(name).stem: i for i, name in enumerate(dataset.names)}
    indices = [int(i) for i in indices if Path(scenes.stimuli[i]).stem in stimuli]
    require(indices, f"scenes: none of the images is a stimulus of {dataset.name}, whose first is "
                     f"{dataset.names[0]}")
    forward = forward_function(keras.Model(model.inputs[0], {
        "maps": activation_model(model, [layer]).output[layer], "scenes": model.outputs[0]}))
    outcomes = {"correct": [], "wrong": []}
    stream = pipeline.stimulus_stream(scenes, CANVAS, indices, 8)
    for start, images in zip(range(0, len(indices), 8), stream):
        part, responses = indices[start:start + 8], forward(images)
        attention = tf.reduce_mean(responses["maps"], axis=-1, keepdims=True).numpy()
        predicted = responses["scenes"].numpy().argmax(axis=1)
        for row, index in enumerate(part):
            stimulus = stimuli[Path(scenes.stimuli[index]).stem]
            size = tuple(int(s) for s in dataset.sizes[stimulus])
            plan = canvas_resampling(size, attention.shape[1:3], CANVAS)
            weights = fixation_weights(plan, dataset.fixations.of(stimulus))[np.newaxis]
            score = float(score_units(attention[row], plan, weights)[0][0, 0])
            if np.isfinite(score):
                right = predicted[row] == scenes.labels[index]
                outcomes["correct" if right else "wrong"].append(score)
    counts = [len(scores) for scores in outcomes.values()]
    return {**{name: float(np.mean(scores)) if scores else float("nan")
               for name, scores in outcomes.items()},
            "accuracy": counts[0] / max(sum(counts), 1), "images": counts}


def run(root, dataset: SaliencyDataset, folder, least_images=LEAST_IMAGES, log=print,
        **options) -> dict:
    """Train on the scenes in `root`, compare attention and fixations, write `scenes.json`.

    Args:
        least_images: scenes with fewer images are left out. options: of `train_scenes`.
    """
    folder = Path(folder)
    scenes = read_scenes(root, least_images)
    model, validation = train_scenes(scenes, folder, log=log, **options)
    result = attention_by_outcome(model, scenes, validation, dataset)
    with atomic_path(folder / "scenes.json") as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    log(f"accuracy {result['accuracy']:.3f} on {sum(result['images'])} validation images; NSS of "
        f"the mean activation_map of {LAYER}: {result['correct']:.2f} where it is right, "
        f"{result['wrong']:.2f} where it is wrong\n{folder / 'scene_encoder.h5'}: its encoder; "
        f"compare with\n  python scripts/analyze_units.py --weights imagenet RUN "
        f"{folder / 'scene_encoder.h5'} --layers {LAYER} --regions OSIE_SR")
    return result


def _stream(scenes, indices, batch):
    """Stream batches of (image on the canvas, one-hot scene)."""
    one_hot = np.eye(len(scenes.names), dtype=np.float32)[scenes.labels[indices]]
    images = pipeline.stimulus_stream(scenes, CANVAS, indices, batch)
    return tf.data.Dataset.zip((images, tf.data.Dataset.from_tensor_slices(one_hot).batch(batch)))
