"""One training run from a config: data, model, loop, resume."""
import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_saliency import losses, maps
from keras_saliency.analysis.activations import activation_model
from keras_saliency.compat import RampedSGD, TQDMProgressBar
from keras_saliency.config import Config, ConfigError, ModelConfig, TrainConfig
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import Scorer, choose_metrics, evaluate
from keras_saliency.models import (
    build_model,
    check_canvas,
    is_density,
    load_pretrained,
    postprocess_of,
)
from keras_saliency.models.precision import at_precision, choose_precision
from keras_saliency.prediction.forward import forward_function
from keras_saliency.training import adversarial, callbacks, checkpoints, features, lbfgs
from keras_saliency.training.averages import averaged
from keras_saliency.training.history import best_row
from keras_saliency.training.run import BEST, HISTORY, LAST, Run, open_folder

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}
PICTURES = 3  # validation stimuli shown in TensorBoard


def train(config: Config, resume=False, log=print) -> Run:
    """Train as `config` says; see `Config`.

    Args:
        resume: continue `runs/<name>` after its last finished epoch. The result is the same
            as without the interruption (on CPU, same software). Without `resume` a folder that
            already holds a run is left alone and a new one with a number is used.
        log: called with each line for the user.

    Raises:
        InputError: a setting, a file or the state of a resumed run that cannot be used; before
            training starts. FloatingPointError: training diverged; the weights of the last good
            epoch stay.
    """
    settings = config.train
    settings.precision = choose_precision(settings.precision, log)
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic and not tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()

    data = training, validation, spec = load_data(
        config.data, losses.required_targets(settings.loss))
    choose_metrics(config.evaluation.metrics, validation, training,
                   is_density(config.model.name))
    scorer = Scorer(validation, spec.sigma, config.evaluation.every, training,
                    **config.scoring)
    plain = build(config.model, settings)
    plain.canvas, plain.canvas_fit = spec.canvas, spec.fit
    check_canvas(plain, spec.canvas)
    if settings.lbfgs is not None:
        if spec.fit != maps.PAD:
            raise ConfigError(f"data.fit={spec.fit} is not for train.lbfgs, whose likelihood knows "
                              "the places of padded stimuli: --set data.fit=pad")
        return lbfgs.train(config, plain, data, resume, log)
    model = at_precision(plain, settings.precision)
    _check_monitor(settings.monitor, scorer.metrics)
    if settings.unit_layers:
        activation_model(model, settings.unit_layers)  # names a layer that it does not have
    steps = pipeline.steps_per_epoch(len(training), settings.batch)
    optimizer, adversary = make_optimizer(settings, steps), None
    if settings.adversarial is not None:
        adversary = adversarial.make_adversary(settings, spec.canvas, _optimizer(
            settings.adversarial, settings.adversarial.learning_rate, "train.adversarial"))
    with open_folder(config, resume) as folder:
        rows = checkpoints.restore(folder, model, optimizer, adversary) if resume else []
        run = Run(folder, config, model, rows, *data)
        log(run.opening())
        if rows:
            checkpoints.check_best(run)
        if _is_over(rows, settings):
            log(f"nothing left to train: {len(rows)} epochs are done")
        else:
            with pipeline.unreadable_files_named(training, validation):
                _loop(run, optimizer, adversary, steps, scorer, log)
        run.take_best()
        plain.set_weights(model.get_weights())
        run.model = plain  # what is scored, exported and kept does not depend on the precision
        return run


def _loop(run: Run, optimizer, adversary, steps: int, scorer: Scorer, log) -> None:
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
            result = evaluate(forward, validation_stream, scorer, loss, "validation",
                              postprocess_of(run.model))
        return {"loss": result.loss, **result.means()}

    def save_best(rows):
        with averaged(network, optimizer):
            run.save(BEST, rows)

    def save_last(rows):
        run.save(LAST, rows, checkpoints.state(optimizer, adversary))

    recorder = callbacks.RunRecorder(
        folder / HISTORY, run.rows, settings.monitor, patience=settings.patience,
        save_best=save_best, save_last=save_last)
    done = len(run.rows)
    orders = pipeline.epoch_orders(len(run.training), settings.batch, settings.seed,
                                   settings.mirror, range(done, settings.epochs))
    try:
        trained.fit(
            pipeline.training_stream(orders, load, settings.batch), steps_per_epoch=steps,
            initial_epoch=done, epochs=settings.epochs, verbose=0,
            callbacks=[callbacks.StopWhenDiverged(run.model),
                       callbacks.ValidationScores(validate), recorder,
                       callbacks.TensorBoardScores(folder / "tensorboard", _pictures(run)),
                       *_unit_callbacks(run), TQDMProgressBar(show_overall_progress=False)])
    except KeyboardInterrupt:
        run.save("interrupted.h5", recorder.rows)
        log(f"\ninterrupted: weights as they were in {folder / 'interrupted.h5'}; "
            f"{len(recorder.rows)} epochs are finished, continue with --resume")
        run.finished = False
    run.rows = recorder.rows


def build(settings: ModelConfig, train: TrainConfig) -> keras.Model:
    """The model of a config with its starting weights, frozen as the section train says."""
    model = build_model(settings.name, encoder_weights=settings.encoder_weights,
                        **settings.options)
    if settings.weights is not None:
        trained = load_pretrained(settings.weights)
        if trained.name != model.name:
            raise ConfigError(f"model.weights {settings.weights!r} is for {trained.name}, "
                              f"model.name is {model.name}")
        model.set_weights(trained.get_weights())
    if train.freeze is not None:
        features.freeze_through(model, train.freeze)
    if train.finetune_layers != "all":
        features.finetune_last(model, train.finetune_layers)
    return model


def make_optimizer(train: TrainConfig, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its schedules of rate and momentum, functions of the step alone.

    Args:
        steps: of an epoch.
    """
    rate = train.learning_rate
    if train.end_rate is not None:
        rate = keras.optimizers.schedules.PolynomialDecay(
            rate, steps * train.epochs, train.end_rate)
    elif train.decay != 1.0:
        rate = keras.optimizers.schedules.ExponentialDecay(
            rate, train.decay_every or steps, train.decay, staircase=True)
    ramp = {} if train.end_momentum is None else {
        "end_momentum": train.end_momentum, "steps": steps * train.epochs}
    return _optimizer(train, rate, "train", ramp)


def _optimizer(settings, rate, where, ramp=None):
    """Of a section `where` with `optimizer` and `optimizer_options`; ramp: of `RampedSGD`."""
    if settings.optimizer not in OPTIMIZERS:
        raise ConfigError(f"{where}.optimizer {settings.optimizer!r}; choose from "
                          f"{', '.join(OPTIMIZERS)}")
    build = RampedSGD if ramp else OPTIMIZERS[settings.optimizer]
    try:
        return build(rate, **settings.optimizer_options, **(ramp or {}))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}.optimizer_options: {error}") from None


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
        [(layer.name, layer.compute_dtype) for layer in trunk.layers], list(dataset.names),
        list(spec.canvas), spec.fit, spec.sigma, list(spec.targets), list(mirrors),
        dataset.edition]).encode())
    for weights in trunk.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()


def _is_over(rows, settings) -> bool:
    if not rows:
        return False
    waited = len(rows) - 1 - best_row(rows, settings.monitor)
    return len(rows) >= settings.epochs or (
        settings.patience is not None and waited >= settings.patience)


def _check_monitor(monitor: str, metrics) -> None:
    columns = ["val_loss", "loss", *(f"val_{m}" for m in metrics)]
    if monitor not in columns:
        raise ConfigError(f"train.monitor {monitor!r}; choose from {', '.join(columns)} "
                          "(evaluation.every adds more)")
