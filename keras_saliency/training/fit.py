"""One training run from a config: data, model, loop, resume."""
from typing import Callable, Optional

import keras
import tensorflow as tf

from keras_saliency import losses, maps
from keras_saliency.addons import TQDMProgressBar
from keras_saliency.compat import RampedSGD
from keras_saliency.config import Config, ConfigError, ModelConfig, TrainConfig, require
from keras_saliency.datasets import orders, pipeline
from keras_saliency.datasets.loading import load_sections, training_shares, with_targets
from keras_saliency.evaluation import scoring
from keras_saliency.models import build_model, check_canvas, facts_of, with_facts
from keras_saliency.models.loading import build_own, is_own
from keras_saliency.models.precision import at_precision, choose_precision
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.training import adversarial, callbacks, devices, features, lbfgs, starting
from keras_saliency.training import run as run_folder
from keras_saliency.training.run import Run
from keras_saliency.units.activations import activation_model

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}
PICTURES = 3  # validation stimuli shown in TensorBoard


def train(config: Config, resume: bool = False, log: Callable[[str], None] = print) -> Run:
    """Train a model by a config; the run is written to the config's `folder`.

    Args:
        resume: continue `runs/<name>` after its last finished epoch. The result is the same
            as without the interruption (on CPU, same software). Without `resume` a folder that
            already holds a run is left alone, and the new one gets a number.
        log: called with each line for the user.

    Raises:
        InputError: a setting, a file or the state of a resumed run that cannot be used; before
            training starts. FloatingPointError: training diverged; the weights of the last good
            epoch stay. OSError: another machine of `train.devices` does not answer.
    """
    place = devices.choose(config)
    with place.strategy.scope():
        return _train(config, place, resume, log)


def _train(config: Config, place, resume, log) -> Run:
    settings = config.train
    settings.precision = choose_precision(settings.precision, log)
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        if tf.config.list_physical_devices("GPU"):
            log("train.deterministic holds on a CPU: TensorFlow sees a GPU, on which a repeated or "
                "resumed run may differ in the last digits")
        else:
            tf.config.experimental.enable_op_determinism()

    start = starting.load_start(config.model)
    taken = [] if start is None else starting.take_over(config, facts_of(start))
    # before the data, whose reading may take minutes
    plain = build(config.model, settings, start)
    sections = load_sections(config.sections, losses.required_targets(settings.loss))
    if settings.lbfgs is None:  # whose likelihood sums over fixations
        sections = [with_targets(section) for section in sections]
    for section in sections:
        scoring.choose_metrics(config.evaluation.metrics, section.evaluated, section.training,
                               facts_of(plain).density)
    scorers = [scoring.section_scorer(section, config.evaluation.every, config)
               for section in sections]
    if start is not None:
        line = starting.sentence(config.model.weights, taken, starting.differences(
            config, facts_of(start), sections))
        if line:
            log(line)
    spec = sections[0].spec
    plain = with_facts(plain, facts_of(plain).changed(canvas=spec.canvas, fit=spec.fit))
    for size in ((1, 2), (2, 1)):  # landscape, portrait
        check_canvas(plain, spec.canvas_for(size))
    _require_one_dataset(settings, sections)
    if settings.lbfgs is not None:
        require(spec.fit == maps.PAD, f"data.fit={spec.fit} is not for train.lbfgs, whose "
                "likelihood is defined on padded stimuli: set data.fit=pad")
        require(sections[0].data.weight == 1, "data.weight is not for train.lbfgs, which takes "
                "every stimulus once at each step: leave it out")
        return lbfgs.train(config, plain, sections, resume, log)
    model = at_precision(plain, settings.precision)
    _check_monitor(settings.monitor, sections, scorers)
    if settings.unit_layers:
        activation_model(model, settings.unit_layers)  # raises for a layer that does not exist
    shares = training_shares(sections)
    steps = orders.steps_per_epoch(shares, settings.batch)
    optimizer, adversary = make_optimizer(settings, steps), None
    if settings.adversarial is not None:
        adversary = adversarial.make_adversary(settings, spec.canvas, _optimizer(
            settings.adversarial, settings.adversarial.learning_rate, "train.adversarial"))
    with place.folder(config, resume) as (source, folder):
        rows = run_folder.restore(source, model, optimizer, adversary) if resume else []
        run = Run(folder, config, model, rows, sections, chief=place.chief)
        log(run.opening())
        if rows and run.chief:
            run_folder.check_best(run)
        if rows and (len(rows) >= settings.epochs
                     or run_folder.waited_enough(rows, settings.monitor, settings.patience)):
            log(f"nothing left to train: {len(rows)} epochs are done")
        else:
            with pipeline.unreadable_files_named(*run.datasets), place.failures_named():
                _loop(run, place, optimizer, adversary, shares, scorers, log)
        if not run.chief:
            return run
        run.take_best()
        plain.set_weights(model.get_weights())
        run.model = plain  # scores, exports and weights do not depend on the training's precision
        return run


def _loop(run: Run, place, optimizer, adversary, shares, scorers, log) -> None:
    """Train `run.model` from where `run.rows` ends."""
    settings, folder = run.config.train, run.folder
    network, load, validation_streams = features.inputs(run)
    loss = losses.weighted(settings.loss)
    forward, trained, facts = forward_function(network), network, facts_of(run.model)
    if adversary is not None:
        trained = adversarial.AdversarialTraining(network, adversary, settings.adversarial.alpha)
    optimizer.build(network.trainable_variables)  # or Keras 2 traces the first step twice
    trained.compile(optimizer=optimizer, loss=place.loss(loss), jit_compile=False)

    def validate():
        with run_folder.averaged(network, optimizer):
            return scoring.history_columns([section.label for section in run.sections], [
                scoring.evaluate(forward, stream, scorer, facts, loss, "validation")
                for stream, scorer in zip(validation_streams, scorers)])

    def save_best(rows):
        with run_folder.averaged(network, optimizer):
            run.save(run_folder.BEST, rows)

    def save_last(rows):
        run.save(run_folder.LAST, rows, run_folder.state(optimizer, adversary))

    units = [] if not settings.unit_layers else [callbacks.UnitNSS(
        run.section.evaluated, settings.unit_layers, folder, folder / "tensorboard",
        settings.unit_every, run.section.spec.canvas, model=run.model)]
    done = len(run.rows)
    drawn = orders.epoch_orders(shares, settings.batch, settings.seed, settings.mirror,
                                range(done, settings.epochs))
    try:
        trained.fit(
            place.stream(drawn, load, settings.batch),
            steps_per_epoch=orders.steps_per_epoch(shares, settings.batch), initial_epoch=done,
            epochs=settings.epochs, verbose=0, shuffle=False,  # the stream is in order
            callbacks=[callbacks.StopWhenDiverged(run.model),
                       keras.callbacks.LambdaCallback(  # before those that read the logs
                           on_epoch_end=lambda _, logs: logs.update(validate())),
                       callbacks.RunRecorder(run, save_best, save_last),
                       callbacks.TensorBoardScores(folder / "tensorboard", _pictures(run)),
                       *units, TQDMProgressBar()])
    except KeyboardInterrupt:
        run.save("interrupted.h5", run.rows)
        log(f"\ninterrupted: weights as they were in {folder / 'interrupted.h5'}; "
            f"{len(run.rows)} epochs are finished; resume the run to continue")
        run.finished = False


def build(settings: ModelConfig, train: TrainConfig,
          start: Optional[keras.Model] = None) -> keras.Model:
    """Return the model of a config with its starting weights and its frozen layers.

    `start` is the network of `model.weights`, if it is loaded already.
    """
    model = (build_own if is_own(settings.name) else build_model)(
        settings.name, encoder_weights=settings.encoder_weights, **settings.options)
    if settings.weights is not None:
        start = start or starting.load_start(settings)
        require(start.name == model.name, f"model.weights {settings.weights!r} is for "
                f"{start.name}, model.name is {model.name}")
        theirs, ours = ([weights.shape for weights in network.get_weights()]
                        for network in (start, model))
        require(theirs == ours, f"model.weights {settings.weights!r} is of a network with other "
                f"layers than model.options={settings.options} gives; leave these options out")
        model.set_weights(start.get_weights())
    if train.freeze is not None:
        features.freeze_through(model, train.freeze)
    if train.finetune_layers != "all":
        features.finetune_last(model, train.finetune_layers)
    return model


def make_optimizer(train: TrainConfig, steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer for epochs of `steps`; its schedules depend on the step alone."""
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
    """Return the optimizer of section `where`; `ramp` has options of `RampedSGD`, if any."""
    require(settings.optimizer in OPTIMIZERS, f"{where}.optimizer {settings.optimizer!r}; choose "
                                              f"from {', '.join(OPTIMIZERS)}")
    build = RampedSGD if ramp else OPTIMIZERS[settings.optimizer]
    try:
        return build(rate, **settings.optimizer_options, **(ramp or {}))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}.optimizer_options: {error}") from None


def _pictures(run: Run):
    """Return a function -> uint8 [n, h, 3w, 3]: canvas, density and prediction side by side."""
    pieces = [piece for section in run.sections
              for piece in pipeline.by_canvas(section.evaluated, section.spec)]
    shown = [(stimuli, spec) for stimuli, spec in pieces if spec.canvas == pieces[0][1].canvas]
    each = max(1, PICTURES // len(shown))  # all on one canvas, as TensorBoard needs
    loaders = [(pipeline.example_loader(stimuli, spec), stimuli.spread(each))
               for stimuli, spec in shown]
    examples = [load(index, tf.constant(False)) for load, indices in loaders for index in indices]
    images, targets = (tf.stack(parts) for parts in zip(*examples))

    def pictures():
        predicted = maps.min_max(run.model(images, training=False), axis=(1, 2, 3))
        side_by_side = [images / 255, *(tf.repeat(gray, 3, axis=-1)
                                        for gray in (targets[..., :1], predicted))]
        return tf.saturate_cast(tf.concat(side_by_side, axis=2) * 255, tf.uint8)

    return pictures


def _require_one_dataset(settings: TrainConfig, sections) -> None:
    """Raise `ConfigError` for settings that several datasets or a turned canvas exclude."""
    upright = sections[0].spec.upright
    for key, refused in (("lbfgs", upright or len(sections) > 1),
                         ("unit_layers", upright or len(sections) > 1), ("adversarial", upright)):
        require(not (getattr(settings, key) and refused), f"train.{key} is for one canvas" + (
            ": set data.upright=false" if upright else
            " and one dataset: name one in data, which is a list"))


def _check_monitor(monitor: str, sections, scorers) -> None:
    columns = ["val_loss", "loss", *(f"val_{name}" for name in scoring.pooled_metrics(scorers))]
    if len(sections) > 1:
        columns += [f"{section.label}_val_{name}" for section, scorer in zip(sections, scorers)
                    for name in ("loss", *scorer.metrics)]
    require(monitor in columns, f"train.monitor {monitor!r}; choose from {', '.join(columns)} "
                                "(evaluation.every adds more)")
