"""L-BFGS on a whole training set, with a look at every iteration."""
from scipy import optimize

# Relative change of the objective that ends a fit: float32 likelihoods resolve no less.
PRECISION = 1e-7


def minimize(objective, start, bounds, iterations: int, memory=10, after_step=None) -> tuple:
    """The minimum of an objective, by L-BFGS-B.

    Args:
        objective: float64 [K] -> (value, gradient float64 [K]). start: where to begin.
        bounds: K pairs (low, high), None for no bound. iterations: at most so many.
        memory: of how many steps the curvature is estimated.
        after_step: called with (vector, value) after each iteration; may be None.

    Returns:
        (float64 [K], value).
    """
    last = {}

    def remembered(vector):
        value, gradient = objective(vector)
        last[vector.tobytes()] = value
        return value, gradient

    def step(vector):
        if after_step is not None:
            value = last.get(vector.tobytes())
            after_step(vector, objective(vector)[0] if value is None else value)
        last.clear()

    result = optimize.minimize(
        remembered, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=step,
        options={"maxiter": iterations, "maxcor": memory, "ftol": PRECISION,
                 "maxfun": 20 * iterations})
    return result.x, float(result.fun)
