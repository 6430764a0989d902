"""Tables as text: for a terminal, and in Markdown."""
from typing import Any, Iterable, Sequence


def text_table(rows: Sequence[dict]) -> str:
    """Return dicts with the same keys as aligned columns; floats have three digits."""
    cells = [[f"{value:.3f}" if isinstance(value, float) else str(value)
              for value in row.values()] for row in rows]
    return _aligned([list(rows[0]), *cells], left=len(rows[0]))


def layer_table(costs: Iterable[Any], sums: Any) -> str:
    """Return the cost of every layer of a network and the sums, as aligned columns.

    Args:
        costs: of `models.complexity.layer_costs`. sums: of `models.complexity.total`.
    """
    rows = [(cost.name, cost.kind, "x".join(map(str, cost.shape)), f"{cost.parameters:,}",
             f"{cost.multiply_adds / 1e6:,.1f}", f"{cost.output_bytes / 1e6:,.2f}")
            for cost in costs]
    rows.append(("total", "", "", f"{sums.parameters:,}", f"{sums.multiply_adds / 1e6:,.1f}",
                 f"{sums.output_bytes / 1e6:,.2f}"))
    return _aligned([("layer", "kind", "output", "parameters", "10^6 multiply-adds", "output MB"),
                     *rows], left=3)


def model_table(models: Iterable[tuple]) -> str:
    """Return a Markdown table of networks, each at the size that it works at.

    Args:
        models: (name, `ModelSpec`, sums of `models.complexity.total`) of each.
    """
    lines = ["| model | input | parameters | multiply-adds, 10^9 | parameters, MB | "
             "layer outputs, MB | the papers' own figures |",
             "| --- | --- | ---: | ---: | ---: | ---: | --- |"]
    for name, spec, sums in models:
        height, width = spec.canvas
        lines.append(f"| `{name}` | {height}x{width} | {sums.parameters:,} | "
                     f"{sums.multiply_adds / 1e9:.1f} | {sums.parameter_bytes / 1e6:.1f} | "
                     f"{sums.output_bytes / 1e6:.1f} | {spec.published} |")
    return "\n".join(lines)


def _aligned(rows, left: int) -> str:
    """Rows of cells as columns; the first `left` to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(
        cell.ljust(width) if i < left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)
