"""tf.data from files to canvases: decode, resize and pad, targets, mirror, shuffle, batch.

Decoding, geometry and targets are TensorFlow ops; no Python runs per example, except to decode
TIFF, WebP and BMP, of which TensorFlow reads none or few. `orders` has the order of an epoch.
"""
import functools
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Callable, Iterable, Iterator, Optional, Sequence, Union

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from keras_saliency import maps
from keras_saliency.datasets import orders, spec_of
from keras_saliency.datasets.dataset import DatasetError, DatasetSpec, SaliencyDataset, require
from keras_saliency.files import InputError, list_some, picture_tensors
from keras_saliency.files.orientation import STORED, UPRIGHT
from keras_saliency.files.picture_headers import check_picture, read_file
from keras_saliency.files.picture_pixels import decode_pixels
from keras_saliency.maps import DENSITY, FIXATIONS, geometry

_JPEG_PNG_GIF = (b"\xff\xd8\xff", b"\x89PN", b"GIF")  # the first bytes of a file
# What TensorFlow raises for a picture that is damaged, gone, or of another size than before.
_UNREADABLE = (tf.errors.InvalidArgumentError, tf.errors.NotFoundError,
               tf.errors.PermissionDeniedError)


@dataclass(frozen=True)
class CanvasSpec:
    """The canvas of a dataset and the maps made on it."""

    canvas: tuple                        # (h, w)
    sigma: float                         # blur of the density in stimulus pixels
    targets: Sequence[str] = (DENSITY,)  # names of the target maps, channels in this order
    fit: str = maps.PAD                  # or "stretch", see `maps`
    upright: bool = False                # turn the canvas to portrait for portrait stimuli, to
                                         # landscape for others

    def canvas_for(self, size: Sequence[int]) -> tuple[int, int]:
        """Return the canvas (h, w) of a stimulus of `size` (H, W)."""
        return geometry.oriented_canvas(size, self.canvas, self.fit, turns=self.upright)


def by_canvas(dataset: SaliencyDataset, spec: CanvasSpec) -> list:
    """Cut a dataset where the canvas of its stimuli changes, into [(stimuli, spec)] in its order.

    One piece unless `spec.upright`; two if portrait stimuli come last, as `load_data` sorts them.
    """
    if not spec.upright:
        return [(dataset, spec)]
    canvases = [spec.canvas_for(size) for size in dataset.sizes]
    return [(dataset.select(list(indices)), replace(spec, canvas=canvas, upright=False))
            for canvas, indices in itertools.groupby(range(len(dataset)), canvases.__getitem__)]


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training examples, besides mirror images."""

    crop: float = 1.0   # smallest share of the sides that a random window keeps, at the stimulus'
                        # aspect ratio; 1 for all of it. Targets are cut like the stimulus.
    color: float = 0.0  # largest relative change of brightness, contrast and saturation


def training_data(dataset: SaliencyDataset, canvas: Sequence[int], batch: int, *,
                  target: str = DENSITY, sigma: Optional[float] = None, fit: str = maps.PAD,
                  shuffle: bool = True, mirror: bool = False, crop: float = 1.0, color: float = 0.0,
                  seed: int = 42, epochs: int = 1) -> tf.data.Dataset:
    """Return the batches of this package's own training, for `keras.Model.fit`.

    Args:
        dataset: as `load_dataset` returns it. canvas: (h, w) of the network.
        target: "fixation_density_map" for losses such as `losses.kld`, or "fixation_map" (counts)
            for `losses.neg_nss`.
        sigma: blur of the density in stimulus pixels; None for that of the dataset's literature.
            Published density maps are not blurred.
        fit: "pad" keeps the aspect ratio of a stimulus, "stretch" fills the canvas.
        shuffle: False for validation: all stimuli once, in their order and unchanged.
        mirror: flip half of the examples left-right. crop, color: see `Augmentation`.
        epochs: passes over the stimuli, each in another order. Give `fit` the same number, and
            `steps_per_epoch=len(data) // epochs`.

    Returns:
        Batches of (image, target), float32 [batch, h, w, 3] RGB 0..255 and [batch, h, w, 1]. The
        peak of a density is 1. An epoch has whole batches only; it leaves the other stimuli out.

    Raises:
        DatasetError: fewer stimuli than a batch; no fixations for "fixation_map"; or an unknown
            viewing distance and no `sigma`.
    """
    require(target in (DENSITY, FIXATIONS),
            f"target must be {DENSITY!r} or {FIXATIONS!r}, not {target!r}")
    spec = CanvasSpec(tuple(canvas), sigma_pixels(dataset, sigma=sigma), (target,), fit)
    if not shuffle:
        return canvas_stream(dataset, spec, batch)
    steps = steps_per_epoch(len(dataset), batch)
    drawn = epoch_orders(len(dataset), batch, seed, mirror, range(epochs))
    stream = training_stream(drawn, example_loader(dataset, spec, Augmentation(crop, color)), batch)
    return stream.apply(tf.data.experimental.assert_cardinality(steps * epochs))


def decode_stimulus(contents: Union[bytes, tf.Tensor], orientation: str = STORED) -> tf.Tensor:
    """Decode the bytes of a picture file, or of a GIF's first frame, to uint8 [H, W, 3] RGB.

    Grayscale is repeated, 16 bits are reduced to 8, what is transparent in a PNG lies on white.
    With the `orientation` "upright" the picture is turned by its EXIF data.
    """
    # JPEG has its own call: decode_image's fast transform is off by a few gray levels.
    picture = tf.case([
        (tf.io.is_jpeg(contents),
         lambda: tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE")),
        (picture_tensors.may_be_transparent(contents),
         lambda: picture_tensors.on_white(tf.io.decode_png(contents, channels=4)))],
        lambda: _decode(contents, 3, orientation))
    return picture_tensors.upright(picture, contents) if orientation == UPRIGHT else picture


def _decode(contents, channels, orientation=STORED) -> tf.Tensor:
    """Decode the bytes of a picture file to uint8 [H, W, channels]; channels is 1 or 3.

    Only what OpenCV decodes is turned here.
    """
    return tf.cond(
        tf.reduce_any(tf.strings.substr(contents, 0, 3) == tf.constant(_JPEG_PNG_GIF)),
        lambda: tf.io.decode_image(contents, channels=channels, expand_animations=False),
        lambda: tf.numpy_function(_decode_by_opencv, (contents, channels, orientation == UPRIGHT),
                                  tf.uint8, stateful=False))


def _decode_by_opencv(contents, channels, upright) -> np.ndarray:
    # outside of a graph TensorFlow gives an array of one object
    contents = contents if isinstance(contents, bytes) else contents.item()
    if channels == 3:
        picture = decode_pixels(contents, upright=upright)
    else:
        picture = cv2.imdecode(np.frombuffer(contents, np.uint8),
                               cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise ValueError("not a picture that OpenCV can decode")  # TensorFlow's is InvalidArgument
    return picture.reshape(*picture.shape[:2], channels)


def sigma_pixels(dataset: SaliencyDataset, sigma_dva: Optional[float] = None,
                 sigma: Optional[float] = None, facts: Optional[DatasetSpec] = None) -> float:
    """Return the blur in stimulus pixels: `sigma`, or `sigma_dva`, or that of the literature.

    The latter is in `facts`; None for those of the dataset's name.
    """
    if sigma is None and sigma_dva is None:
        facts = facts or spec_of(dataset)
        sigma, sigma_dva = facts.sigma_pixels, facts.sigma_dva
    if sigma is not None:
        return float(sigma)
    if dataset.density_files is not None:
        return 1.0  # published densities are used as they are
    require(dataset.pixels_per_dva is not None,
            f"{dataset.name}: pixels_per_dva is unknown; set the blur of the density in pixels, "
            "e.g. data.sigma_pixels=24")
    return float(sigma_dva * dataset.pixels_per_dva)


def example_loader(dataset: SaliencyDataset, spec: CanvasSpec,
                   augmentation: Augmentation = Augmentation()) -> Callable:
    """Return a graph function (index, mirrored, key=None) -> (image, target).

    These are float32 [h, w, 3] and [h, w, C]. The density is made at the stimulus' own size, moved
    onto the canvas and scaled to a peak of 1; the fixation_map is made on the canvas. `mirrored`
    flips both left-right. `key`, int32 [2], draws the augmentation; None for none.
    """
    require(FIXATIONS not in spec.targets or dataset.fixations is not None,
            f"{dataset.name} has densities but no fixations, which the chosen loss needs")
    load_stimulus = stimulus_loader(dataset)
    points_of = _points_lookup(dataset)
    density_paths = None if dataset.density_files is None else tf.constant(
        [str(p) for p in dataset.density_files])
    sizes = tf.constant(dataset.sizes, tf.int32)
    canvas = tf.constant(spec.canvas, tf.int32)

    def density(index, window):
        if density_paths is None:
            source = maps.density_map(points_of(index), sizes[index], spec.sigma)
        else:
            source = _decode(tf.io.read_file(density_paths[index]), 1)
            source = tf.ensure_shape(source, (None, None, 1))
        return maps.peak_normalize(
            maps.to_canvas(_cut(source, window), canvas, maps.MAP_PADDING, spec.fit))

    def fixations(index, window):
        points = points_of(index)
        if window is not None:
            corner, size = (tf.cast(part[::-1], points.dtype) for part in window)
            points = points - corner
            points = points[tf.reduce_all((points >= 0) & (points < size), axis=1)]
        size = sizes[index] if window is None else window[1]
        return maps.fixation_map(maps.points_to_canvas(points, size, canvas, spec.fit), canvas)

    makers = {DENSITY: density, FIXATIONS: fixations}

    def load(index, mirrored, key=None):
        varied = augmentation if key is not None else Augmentation()
        window = _window(sizes[index], varied.crop, key) if varied.crop < 1 else None
        image = maps.to_canvas(_cut(load_stimulus(index), window), canvas, fit=spec.fit)
        if varied.color:
            image = _recolor(image, varied.color, key)
        target = tf.concat([makers[name](index, window) for name in spec.targets], axis=-1)
        image, target = tf.cond(mirrored, lambda: (image[:, ::-1], target[:, ::-1]),
                                lambda: (image, target))
        image.set_shape((*spec.canvas, 3))
        target.set_shape((*spec.canvas, len(spec.targets)))
        return image, target

    return load


def _window(size, least, key) -> tuple:
    """(corner, size), each int32 [2] (y, x), of a random window of the share `least`..1."""
    share, *place = tf.unstack(tf.random.stateless_uniform([3], key))
    cut = tf.cast(tf.round(tf.cast(size, tf.float32) * (least + (1 - least) * share)), tf.int32)
    cut = tf.clip_by_value(cut, 1, size)
    corner = tf.cast(tf.stack(place) * tf.cast(size - cut + 1, tf.float32), tf.int32)
    return tf.minimum(corner, size - cut), cut


def _cut(image, window):
    if window is None:
        return image
    (y, x), (height, width) = (tf.unstack(part) for part in window)
    return image[y:y + height, x:x + width]


def _recolor(image, strength, key):
    """`image` [h, w, 3] 0..255 with brightness, contrast and saturation changed at random."""
    brightness, contrast, saturation = tf.unstack(tf.random.stateless_uniform(
        [3], key + 1, 1 - strength, 1 + strength))
    gray = tf.image.rgb_to_grayscale(image)
    image = gray + (image - gray) * saturation
    mean = tf.reduce_mean(gray)
    return tf.clip_by_value((mean + (image - mean) * contrast) * brightness, 0, 255)


def stimulus_loader(dataset: SaliencyDataset) -> Callable:
    """Return a graph function index -> uint8 [H, W, 3], from files or from bytes in memory."""
    in_memory = len(dataset) > 0 and isinstance(dataset.stimuli[0], bytes)
    stimuli = tf.constant([s if in_memory else str(s) for s in dataset.stimuli])

    def load(index):
        contents = stimuli[index] if in_memory else tf.io.read_file(stimuli[index])
        return tf.ensure_shape(decode_stimulus(contents, dataset.orientation), (None, None, 3))

    return load


def target_mask(dataset: SaliencyDataset, index: int) -> np.ndarray:
    """Return the mask uint8 [H, W] of a pop-out array, 0 outside its target."""
    return decode_stimulus(dataset.target_masks[index])[..., 0].numpy()


def stimulus_stream(dataset: SaliencyDataset, canvas: Sequence[int], indices: ArrayLike, batch: int,
                    fit: str = maps.PAD) -> tf.data.Dataset:
    """Return batches float32 [B, h, w, 3] of the stimuli `indices`, in order, on the canvas."""
    load = stimulus_loader(dataset)

    def on_canvas(index):
        return tf.ensure_shape(maps.to_canvas(load(index), canvas, fit=fit), (*canvas, 3))

    indices = tf.data.Dataset.from_tensor_slices(np.asarray(indices, np.int64))
    return training_stream(indices, on_canvas, batch, whole=False)


def _points_lookup(dataset: SaliencyDataset):
    """A graph function index -> float32 [n, 2] pixels (x, y); a slice of one flat table."""
    if dataset.fixations is None:
        return None
    # Whole pixels: float32 would round 799.99999 up and out of a picture 800 wide.
    pixels = np.floor(np.stack([dataset.fixations.x, dataset.fixations.y], 1))
    table = tf.constant(pixels, tf.float32)
    offsets = tf.constant(dataset.fixations.offsets, tf.int64)
    return lambda index: table[offsets[index]:offsets[index + 1]]


def steps_per_epoch(count: int, batch: int) -> int:
    """Return `orders.steps_per_epoch` of one dataset."""
    return orders.steps_per_epoch([orders.Share(count)], batch)


def epoch_orders(count: int, batch: int, seed: int, mirror: bool, epochs: range) -> tf.data.Dataset:
    """Return `orders.epoch_orders` of one dataset: tf.data of (index, mirrored, key)."""
    drawn = orders.epoch_orders([orders.Share(count)], batch, seed, mirror, epochs)
    return drawn.map(lambda share, *example: example)


def training_stream(examples: tf.data.Dataset, load: Callable, batch: int,
                    whole: bool = True) -> tf.data.Dataset:
    """Return `whole` batches of `load(*example)`, in order, prepared ahead in parallel."""
    stream = examples.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return stream.batch(batch, drop_remainder=whole).prefetch(tf.data.AUTOTUNE)


def canvas_stream(dataset: SaliencyDataset, spec: CanvasSpec, batch: int,
                  mirrored: bool = False) -> tf.data.Dataset:
    """Return batches of (image, target) of all stimuli once, in order, each batch on one canvas."""
    return one_after_another([
        indexed_stream(len(stimuli), example_loader(stimuli, own), batch, mirrored)
        for stimuli, own in by_canvas(dataset, spec)])


def one_after_another(streams: Iterable[tf.data.Dataset]) -> tf.data.Dataset:
    """Chain streams, whose shapes may differ."""
    return functools.reduce(lambda stream, after: stream.concatenate(after), streams)


def indexed_stream(count: int, load: Callable, batch: int,
                   mirrored: bool = False) -> tf.data.Dataset:
    """Return batches of `load(index, mirrored)` for index 0 ... count - 1."""
    return training_stream(tf.data.Dataset.range(count),
                           lambda index: load(index, tf.constant(mirrored)), batch, whole=False)


@contextmanager
def unreadable_files_named(*datasets: SaliencyDataset) -> Iterator[None]:
    """Turn TensorFlow's decoding error, which names no file, into a `DatasetError` that does.

    Readers check headers only, so a picture that is cut short shows when it is decoded.
    """
    try:
        yield
    except _UNREADABLE:
        bad = [path for dataset in datasets for path in _undecodable(dataset)]
        if not bad:
            raise
        raise DatasetError(f"pictures that cannot be decoded: {list_some(bad)}; they may be cut "
                           "short: replace or remove them") from None


def _undecodable(dataset: SaliencyDataset) -> list:
    bad = []
    for path in [*dataset.stimuli, *(dataset.density_files or ())]:
        if isinstance(path, bytes):
            continue  # made by a reader
        try:
            contents = read_file(path)
            check_picture(contents, path)
            decode_stimulus(contents, dataset.orientation)
        except (InputError, *_UNREADABLE):
            bad.append(path)
    return bad
