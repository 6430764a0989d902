"""Tables of what networks cost, as text."""


def layer_table(costs, sums) -> str:
    """Every layer of a network and the sums.

    Args:
        costs: of `models.complexity.layer_costs`. sums: of `models.complexity.total`.
    """
    rows = [(cost.name, cost.kind, "x".join(map(str, cost.shape)), f"{cost.parameters:,}",
             f"{cost.multiply_adds / 1e6:,.1f}", f"{cost.output_bytes / 1e6:,.2f}")
            for cost in costs]
    rows.append(("total", "", "", f"{sums.parameters:,}", f"{sums.multiply_adds / 1e6:,.1f}",
                 f"{sums.output_bytes / 1e6:,.2f}"))
    return _aligned([("layer", "kind", "output", "parameters", "10^6 multiply-adds", "output MB"),
                     *rows])


def model_table(models) -> str:
    """A Markdown table of networks, each at the size that it works at.

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


def _aligned(rows) -> str:
    """Rows of cells as columns; the first three to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(
        cell.ljust(width) if i < 3 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)
