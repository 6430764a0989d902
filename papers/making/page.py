"""The page docs/results.md and the output of --list, made of the committed files alone."""
from pathlib import Path

from keras_saliency.files import atomic_path
from papers.making import ledger
from papers.making.spec import ROOTS
from papers.published import ITEMS, PAPERS, Missing

PREFACE = "preface.md"
HOLDS = {True: "holds", False: "does not hold", None: "made"}
NOT_YET = "not made yet"


def command(name: str, spec, rows) -> str:
    """Return the command line that makes a result, with the runs and files of its parts."""
    options = {"root": [f"{root}=PATH" for root in spec.data],
               "weights": list(dict.fromkeys(
                   value for row in rows for value in (str(row[key]) for key in spec.keys)
                   if "weights" in spec.options and "/" in value))}
    return f"python scripts/reproduce.py {name} --out docs/results" + "".join(
        f" --{option} {' '.join(values)}" for option, values in options.items() if values)


def listing(results: dict, out) -> str:
    """Return a line for each table and figure: its result with minutes and verdict."""
    lines = []
    for paper, items in ITEMS.items():
        lines += ["", PAPERS[paper], ""]
        for item, made in items.items():
            lines.append(f"  {item:<11}" + (
                f"not available here: {made.data}" if isinstance(made, Missing)
                else _made(made, results, out)))
    return "\n".join(lines[1:])


def _made(name, results, out) -> str:
    facts = ledger.read_facts(ledger.facts_path(out, name))
    if name not in results or not facts:
        return f"{name}: {NOT_YET}"
    data = ", ".join(ROOTS[root] for root in results[name].data) or "generated arrays"
    return f"{name}: {_minutes(facts['minutes'])}; {data}; {_state(facts)}: {facts['verdict']}"


def _state(facts) -> str:
    if facts["finished"] < facts["parts"]:
        return f"{facts['finished']} of {facts['parts']} parts"
    return HOLDS[facts["holds"]]


def _minutes(minutes) -> str:
    return "under a minute" if minutes < 1 else f"{minutes:.0f} minute{'s' * (minutes >= 1.5)}"


def write(results: dict, out) -> Path:
    """Write the page `<out>.md` of `<out>/preface.md` and the results in `out`; return its path."""
    out = Path(out)
    parts = [(out / PREFACE).read_text(encoding="utf-8").rstrip("\n")]
    for paper in ITEMS:
        parts.append(_overview(paper, results, out))
    parts.append("# The results")
    parts += [section(name, spec, out) for name, spec in results.items()
              if ledger.facts_path(out, name).is_file()]
    path = out.with_suffix(".md")
    with atomic_path(path) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def _overview(paper, results, out) -> str:
    lines, states = [], []
    for item, made in ITEMS[paper].items():
        if isinstance(made, Missing):
            lines.append(f"| {item} | | not to be had here: {made.data} |")
            continue
        facts = ledger.read_facts(ledger.facts_path(out, made))
        if made not in results or not facts:
            lines.append(f"| {item} | `{made}` | {NOT_YET} |")
        else:
            states.append(_state(facts))
            lines.append(f"| {item} | [`{made}`](#{made}) | {states[-1]} |")
    return "\n".join([f"## {PAPERS[paper]}", "", _counts(len(lines), states), "",
                      "| | made by | finding of the paper |", "| --- | --- | --- |", *lines])


def _counts(items, states) -> str:
    """Count the tables and figures that are made and the findings that hold."""
    holds, fails, made = (states.count(text) for text in HOLDS.values())
    return (f"{len(states)} of {items} tables and figures are made here: of {holds} the finding "
            f"holds, of {fails} it does not, {made} have none that a number could test.")


def section(name: str, spec, out) -> str:
    """Return the section of a result."""
    rows = ledger.read_rows(ledger.table_path(out, name))
    facts = ledger.read_facts(ledger.facts_path(out, name))
    where = "; ".join(
        f"{PAPERS[paper].split(':')[0]}: " + ", ".join(
            item for owner, item in facts["items"] if owner == paper)
        for paper in dict.fromkeys(owner for owner, _ in facts["items"]))
    lines = [f"## {name}", "", f"**{spec.title}**" + (f" ({where})" if where else ""), "",
             spec.about, "", f"**{_state(facts).capitalize()}.** {facts['verdict']}"]
    for table in spec.tables(rows):
        lines += ["", table.caption, "", f"| {' | '.join(table.header)} |",
                  "| --- " * len(table.header) + "|",
                  *(f"| {' | '.join(str(cell) for cell in row)} |" for row in table.rows)]
    if (Path(out) / f"{name}.png").is_file():
        lines += ["", f"![{spec.title}]({Path(out).name}/{name}.png)"]
    lines += ["", f"```\n{command(name, spec, rows)}\n```", "",
              f"{_minutes(facts['minutes']).capitalize()} on 2 cores; [{name}.csv]"
              f"({Path(out).name}/{name}.csv), [{name}.json]({Path(out).name}/{name}.json)."]
    return "\n".join(lines)
