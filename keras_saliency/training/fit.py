"""One training run from a config: data, model, loop, checkpoints, resume."""
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_saliency import __version__, losses, maps
from keras_saliency import config as configs
from keras_saliency.analysis.activations import activation_model
from keras_saliency.compat import TQDMProgressBar
from keras_saliency.config import Config, ConfigError
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import Scorer, choose_metrics, evaluate
from keras_saliency.models import (
    build_model,
    check_canvas,
    is_density,
    load_pretrained,
    weights_file,
)
from keras_saliency.prediction.forward import forward_function
from keras_saliency.training import (
    adversarial,
    callbacks,
    checkpoints,
    deepgaze1_likelihood,
    features,
    lbfgs,
)
from keras_saliency.training.averages import averaged

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}
PICTURES = 3  # validation stimuli shown in TensorBoard


@dataclass
class Run:
    """A run that has ended.

    Attributes:
        folder: where everything is. model: with its best weights. rows: the history.
        training, validation: the two parts of the dataset. spec: how they came onto the canvas.
        finished: False if it was interrupted (Ctrl-C).
    """

    folder: Path
    config: Config
    model: keras.Model
    rows: list
    training: SaliencyDataset
    validation: SaliencyDataset
    spec: pipeline.CanvasSpec
    finished: bool = True

    @property
    def best(self) -> dict:
        """The history row of the best epoch."""
        return self.rows[callbacks.best_row(self.rows, self.config.train.monitor)]


def build(config: Config) -> keras.Model:
    """The model of a config with its starting weights, frozen as it says."""
    model = build_model(config.model.name, encoder_weights=config.model.encoder_weights,
                        **config.model.options)
    if config.model.weights is not None:
        trained = load_pretrained(config.model.weights)
        if trained.name != model.name:
            raise ConfigError(f"model.weights {config.model.weights!r} is for {trained.name}, "
                              f"model.name is {model.name}")
        model.set_weights(trained.get_weights())
    if config.train.freeze is not None:
        features.freeze_through(model, config.train.freeze)
    if config.train.finetune_layers != "all":
        features.finetune_last(model, config.train.finetune_layers)
    return model


def make_optimizer(config: Config, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its learning-rate schedule, a function of the step alone."""
    train, rate = config.train, config.train.learning_rate
    if train.end_rate is not None:
        rate = keras.optimizers.schedules.PolynomialDecay(
            rate, steps * train.epochs, train.end_rate)
    elif train.decay != 1.0:
        rate = keras.optimizers.schedules.ExponentialDecay(
            rate, train.decay_every or steps, train.decay, staircase=True)
    return _optimizer(train, rate, "train")


def _optimizer(settings, rate, where):
    """Of a section `where` with `optimizer` and `optimizer_options`."""
    if settings.optimizer not in OPTIMIZERS:
        raise ConfigError(f"{where}.optimizer {settings.optimizer!r}; choose from "
                          f"{', '.join(OPTIMIZERS)}")
    try:
        return OPTIMIZERS[settings.optimizer](rate, **settings.optimizer_options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}.optimizer_options: {error}") from None


def train(config: Config, resume=False, log=print) -> Run:
    """Train as `config` says; see `Config`.

    Args:
        resume: continue `runs/<name>` after its last finished epoch. The result is the same
            as without the interruption (on CPU, same software). Without `resume` a folder that
            already holds a run is left alone and a new one with a number is used.
        log: called with each line for the user.

    Raises:
        ConfigError, DatasetError, WeightsError, FeatureCacheError: before training starts.
    """
    settings = config.train
    _check(config)
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic and not tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()

    training, validation, spec = load_data(config.data,
                                           losses.required_targets(settings.loss))
    choose_metrics(config.evaluation.metrics, validation, training,
                   is_density(config.model.name))
    scorer = Scorer(validation, spec.sigma, config.evaluation.every, training,
                    seed=config.evaluation.seed)
    model = build(config)
    check_canvas(model, spec.canvas)
    if settings.lbfgs is not None:
        lbfgs.check(config, model, training, validation, spec.canvas)
        return _fit_density(Run(Path(), config, model, [], training, validation, spec), resume, log)
    _check_monitor(settings.monitor, scorer.metrics)
    if settings.unit_layers:
        activation_model(model, settings.unit_layers)  # names a layer that it does not have
    steps = pipeline.steps_per_epoch(len(training), settings.batch)
    optimizer, adversary = make_optimizer(config, steps), None
    if settings.adversarial is not None:
        adversary = adversarial.make_adversary(config, spec.canvas, _optimizer(
            settings.adversarial, settings.adversarial.learning_rate, "train.adversarial"))
    folder = _open_folder(config, resume)
    rows = checkpoints.restore(folder, model, optimizer, adversary) if resume else []
    run = Run(folder, config, model, rows, training, validation, spec)
    log(_opening(run))
    if _is_over(rows, settings):
        log(f"nothing left to train: {len(rows)} epochs are done")
        return _with_best(run)

    with pipeline.unreadable_files_named(training, validation):
        return _loop(run, optimizer, adversary, steps, scorer, log)


def _fit_density(run: Run, resume, log) -> Run:
    """Fit the readout of `run.model` by L-BFGS."""
    run.folder = _open_folder(run.config, resume)
    start = deepgaze1_likelihood.read_parameters(run.model)  # of each observer's fit as well
    run.rows = lbfgs.restore(run) if resume else []
    log(_opening(run))
    if lbfgs.is_over(run):
        log(f"nothing left to fit: {len(run.rows)} iterations are done")
        return _with_best(run)
    with pipeline.unreadable_files_named(run.training, run.validation):
        run.finished = lbfgs.fit(
            run, start, lambda name, rows: _save(run, run.folder / name, rows), log)
    return _with_best(run)


def _opening(run: Run) -> str:
    """The first line of a run."""
    height, width = run.spec.canvas
    return (f"{run.training.summary()}; {len(run.validation)} for validation; canvas "
            f"{height}x{width}; writing {run.folder}")


def _loop(run: Run, optimizer, adversary, steps: int, scorer: Scorer, log) -> Run:
    """Train `run.model` from where `run.rows` ends."""
    settings, folder = run.config.train, run.folder
    network, load, validation_stream = _inputs(run)
    loss = losses.weighted(settings.loss)
    forward, trained = forward_function(network), network
    if adversary is not None:
        trained = adversarial.AdversarialTraining(network, adversary, settings.adversarial.alpha)
    trained.compile(optimizer=optimizer, loss=loss, jit_compile=False)

    def validate():
        with averaged(network, optimizer):
            result = evaluate(forward, validation_stream, scorer, loss, label="validation")
        return {"loss": result.loss, **result.means()}

    def save_best(rows):
        with averaged(network, optimizer):
            _save(run, folder / "best.h5", rows)

    def save_last(rows):
        _save(run, folder / "last.h5", rows, checkpoints.state(optimizer, adversary))

    recorder = callbacks.RunRecorder(
        folder / "history.csv", run.rows, settings.monitor, patience=settings.patience,
        save_best=save_best, save_last=save_last)
    done = len(run.rows)
    orders = pipeline.epoch_orders(len(run.training), settings.batch, settings.seed,
                                   settings.mirror, range(done, settings.epochs))
    try:
        trained.fit(
            pipeline.training_stream(orders, load, settings.batch), steps_per_epoch=steps,
            initial_epoch=done, epochs=settings.epochs, verbose=0,
            callbacks=[callbacks.ValidationScores(validate), recorder,
                       callbacks.TensorBoardScores(folder / "tensorboard", _pictures(run)),
                       *_unit_callbacks(run), TQDMProgressBar(show_overall_progress=False)])
    except KeyboardInterrupt:
        _save(run, folder / "interrupted.h5", recorder.rows)
        log(f"\ninterrupted: weights as they were in {folder / 'interrupted.h5'}; "
            f"{len(recorder.rows)} epochs are finished, continue with --resume")
        run.finished = False
    run.rows = recorder.rows
    return _with_best(run)


def _check(config: Config) -> None:
    settings = config.train
    for key in ("epochs", "batch", "unit_every"):
        if getattr(settings, key) < 1:
            raise ConfigError(f"train.{key} must be at least 1, not {getattr(settings, key)}")
    if settings.cache not in ("none", "memory", "disk"):
        raise ConfigError(f"train.cache {settings.cache!r}; choose none, memory or disk")
    if settings.cache_folder is not None and settings.cache != "disk":
        raise ConfigError(f"train.cache_folder is for train.cache=disk, not {settings.cache}")
    for key, valid in (("crop", 0 < settings.crop <= 1), ("color", 0 <= settings.color < 1)):
        if not valid:
            raise ConfigError(f"train.{key} must lie between 0 and 1, not "
                              f"{getattr(settings, key)}")
    if (settings.crop, settings.color) != (1, 0) and settings.cache != "none":
        raise ConfigError(f"train.crop and train.color change every epoch; with train.cache="
                          f"{settings.cache} they cannot be drawn: --set train.cache=none")
    if settings.end_rate is not None and (settings.decay != 1 or settings.end_rate < 0):
        raise ConfigError("train.end_rate must not be negative, and goes without train.decay")
    if not settings.learning_rate > 0:
        raise ConfigError(f"train.learning_rate must be above 0, not {settings.learning_rate}")


def _check_monitor(monitor: str, metrics) -> None:
    columns = ["val_loss", "loss", *(f"val_{m}" for m in metrics)]
    if monitor not in columns:
        raise ConfigError(f"train.monitor {monitor!r}; choose from {', '.join(columns)} "
                          "(evaluation.every adds more)")


def _open_folder(config: Config, resume: bool) -> Path:
    """The run's folder with its config in it; a new numbered one if it holds another run."""
    if not resume:
        name, number = config.name, 1
        while (config.folder / "config.yaml").exists():
            number += 1
            config.name = f"{name}-{number}"
        configs.save(config, config.folder / "config.yaml")
        return config.folder
    path = config.folder / "config.yaml"
    if not path.exists():
        configs.save(config, path)
        return config.folder
    before, now = _settings(configs.load(path)), _settings(config)
    changed = sorted(key for key in now if now[key] != before.get(key, now[key]))
    if changed:
        raise ConfigError(f"--resume: {path} differs in {', '.join(changed)}; resume with the "
                          "same settings, or start a new run with --set name=NAME")
    configs.save(config, path)
    return config.folder


def _settings(config: Config) -> dict:
    """{dotted key: value} of what a resumed run may not change (it may train longer)."""
    flat = {f"{section}.{key}": value
            for section in ("model", "data", "train", "evaluation")
            for key, value in configs.to_dict(config)[section].items()}
    if flat["train.lbfgs"] is not None:
        flat["train.lbfgs"] = {key: value for key, value in flat["train.lbfgs"].items()
                               if key not in ("iterations", "leave_one_observer_out")}
    if flat["train.end_rate"] is None:  # with it the schedule depends on them
        flat.pop("train.epochs")
    for free in ("train.patience", "train.cache", "train.cache_folder",
                 "train.unit_layers", "train.unit_every", "evaluation.batch"):
        flat.pop(free)
    return flat


def _inputs(run: Run) -> tuple:
    """(network, loader of training examples, validation stream): from files or from a cache."""
    settings, spec = run.config.train, run.spec
    batch = run.config.evaluation.batch
    if settings.cache == "none":
        augmentation = pipeline.Augmentation(settings.crop, settings.color)
        return (run.model, pipeline.example_loader(run.training, spec, augmentation),
                pipeline.canvas_stream(run.validation, spec, batch))
    trunk, head = features.split_at_frozen(run.model)
    mirrors = (False, True) if settings.mirror else (False,)

    def cached(dataset, mirrors, part):
        streams = [pipeline.canvas_stream(dataset, spec, batch, mirrored=m) for m in mirrors]
        fingerprint, path = _fingerprint(trunk, dataset, spec, mirrors), None
        if settings.cache_folder is not None:  # runs with other features have other files there
            path = Path(settings.cache_folder).expanduser() / f"features_{fingerprint[:16]}.h5"
        elif settings.cache == "disk":
            path = run.folder / f"features_{part}.h5"
        arrays = features.cache_features(trunk, streams, len(dataset), path, fingerprint,
                                         label=f"caching the {part} set")
        return features.cached_loader(arrays, len(dataset))

    validation = pipeline.indexed_stream(
        len(run.validation), cached(run.validation, (False,), "validation"), batch)
    return head, cached(run.training, mirrors, "training"), validation


def _unit_callbacks(run: Run) -> list:
    """The callback that scores units while they train, if the config names layers."""
    settings = run.config.train
    if not settings.unit_layers:
        return []
    return [callbacks.UnitNSS(
        run.validation, settings.unit_layers, run.folder, run.folder / "tensorboard",
        settings.unit_every, run.spec.canvas, model=run.model)]


def _pictures(run: Run):
    """A function -> uint8 [n, h, 3w, 3]: canvas, density and prediction of some validation
    stimuli side by side, as the network is at that moment."""
    chosen = np.linspace(0, len(run.validation) - 1, min(PICTURES, len(run.validation)))
    images, targets = next(iter(pipeline.canvas_stream(
        run.validation.select(chosen.astype(int)), run.spec, PICTURES)))

    def pictures():
        predicted = maps.min_max(run.model(images, training=False), axis=(1, 2, 3))
        side_by_side = [images / 255, *(tf.repeat(gray, 3, axis=-1)
                                        for gray in (targets[..., :1], predicted))]
        return tf.saturate_cast(tf.concat(side_by_side, axis=2) * 255, tf.uint8)

    return pictures


def _fingerprint(trunk, dataset, spec, mirrors) -> str:
    """Changes with everything that the responses of `trunk` depend on."""
    digest = hashlib.sha256(json.dumps([
        [layer.name for layer in trunk.layers], list(dataset.names), list(spec.canvas),
        spec.sigma, list(spec.targets), list(mirrors), dataset.edition]).encode())
    for weights in trunk.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()


def _is_over(rows, settings) -> bool:
    if not rows:
        return False
    waited = len(rows) - 1 - callbacks.best_row(rows, settings.monitor)
    return len(rows) >= settings.epochs or (
        settings.patience is not None and waited >= settings.patience)


def _save(run: Run, path, rows, extra=None) -> None:
    config = run.config
    weights_file.save(run.model, path, extra=extra, attributes={
        "model": run.model.name, "options": config.model.options,
        "canvas": list(run.spec.canvas), "dataset": f"{run.training.name} "
        f"({run.training.edition})", "training_stimuli": len(run.training),
        "epoch": len(rows), "scores": rows[-1] if rows else {},
        "keras": keras.__version__, "keras_saliency": __version__})


def _with_best(run: Run) -> Run:
    best = run.folder / "best.h5"
    if best.exists():
        weights_file.assign(run.model, weights_file.read(best), best)
    run.model.canvas = run.spec.canvas
    return run
