"""Running averages of the weights, as Keras optimizers keep them with `use_ema`."""
from contextlib import contextmanager


@contextmanager
def averaged(model, optimizer):
    """Within the context `model` has the running averages of its weights, afterwards its own again.

    Nothing changes if the optimizer keeps none (option `use_ema`) or has not made a step yet.
    """
    variables = model.trainable_variables
    if not optimizer.use_ema or not int(optimizer.iterations):
        yield
        return
    own = [variable.numpy() for variable in variables]
    optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, own):
            variable.assign(value)
