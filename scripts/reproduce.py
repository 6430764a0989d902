"""Reproduce a table of the papers."""
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line  # noqa: E402
from keras_saliency.report import loss_table  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
TABLES = {
    "ead_losses": (loss_table.run, CONFIGS / "ead_osie_cpu.yaml"),
}


def main():
    parser = command_line.parser(
        "Reproduce a table of the papers. ead_losses: EAD trained with l1, l2, bce and ead, three "
        "seeds each (Table 2 of the EAD paper); a stopped table continues where it was.",
        "python scripts/reproduce.py ead_losses --set data.root=PATH name=ead_losses")
    parser.add_argument("table", choices=sorted(TABLES))
    arguments = parser.parse_args()
    run, default = TABLES[arguments.table]
    arguments.config = arguments.config or default
    run(command_line.load_config(arguments))


if __name__ == "__main__":
    command_line.run(main)
