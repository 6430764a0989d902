"""Tables of what networks cost, as text."""
from keras_saliency.models import CANVASES, MODELS, build_model, check_canvas
from keras_saliency.models.complexity import layer_costs, total


def layer_table(name, size=None, options=None) -> str:
    """Every layer of a model at `size` (h, w; None for its default) and the sums.

    Raises:
        ValueError: an unknown model or option, or a size that its strides do not divide.
    """
    if name not in MODELS:
        raise ValueError(f"no model {name!r}; the networks are {', '.join(sorted(MODELS))}")
    size = tuple(size or CANVASES[name])
    check_canvas(build_model(name, **(options or {})), size)
    costs = layer_costs(build_model(name, input_shape=(*size, 3), **(options or {})))
    rows = [(cost.name, cost.kind, "x".join(map(str, cost.shape)), f"{cost.parameters:,}",
             f"{cost.multiply_adds / 1e6:,.1f}", f"{cost.output_bytes / 1e6:,.2f}")
            for cost in costs]
    sums = total(costs)
    rows.append(("total", "", "", f"{sums.parameters:,}", f"{sums.multiply_adds / 1e6:,.1f}",
                 f"{sums.output_bytes / 1e6:,.2f}"))
    return _aligned([("layer", "kind", "output", "parameters", "10^6 multiply-adds", "output MB"),
                     *rows])


def model_table() -> str:
    """A Markdown table of all registered networks at the size that each works at."""
    lines = ["| model | input | parameters | multiply-adds, 10^9 | parameters, MB | "
             "layer outputs, MB |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    for name in sorted(MODELS):
        sums = total(layer_costs(build_model(name, input_shape=(*CANVASES[name], 3))))
        lines.append(f"| `{name}` | {CANVASES[name][0]}x{CANVASES[name][1]} | "
                     f"{sums.parameters:,} | {sums.multiply_adds / 1e9:.1f} | "
                     f"{sums.parameter_bytes / 1e6:.1f} | {sums.output_bytes / 1e6:.1f} |")
    return "\n".join(lines)


def _aligned(rows) -> str:
    """Rows of cells as columns; the first three to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(
        cell.ljust(width) if i < 3 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)
