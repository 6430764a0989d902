"""Links, commands, configs and Python names in the pages exist."""
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("weights/*.md")])}


def anchors(text: str) -> set:
    """Anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find(dotted: str):
    """The module or the object with a dotted name below the package."""
    parts = dotted.split(".")[1:]
    try:
        return import_module(ks.__name__ + dotted)
    except ModuleNotFoundError:
        return getattr(find("." + ".".join(parts[:-1])) if parts[1:] else ks, parts[-1])


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" not in link:
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_configs_exist(page):
    text = PAGES[page]
    commands = re.findall(r"(?:^|`)(?:time )?keras-saliency ([a-z][a-z-]+)", text, re.MULTILINE)
    assert set(commands) <= set(COMMANDS)
    for script in re.findall(r"scripts/([a-z_]+\.py)", text):
        assert (ROOT / "scripts" / script).is_file(), script
    for config in re.findall(r"--config\s+(\w+)\b(?![/.])", text):
        assert (ROOT / "configs" / f"{config}.yaml").is_file(), config


@pytest.mark.parametrize("page", PAGES)
def test_python_names_exist(page):
    names = re.findall(r"\bks((?:\.[a-z_]\w*)+)", PAGES[page])
    if page != "CHANGELOG.md":  # which also has the names of before
        names += re.findall(r"\bkeras_saliency((?:\.[a-z_]\w*)+)", PAGES[page])
    for name in names:
        find(name)


@pytest.mark.slow
def test_the_code_for_a_network_of_your_own_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"photo": np.zeros((90, 120, 3), np.uint8)}
    for code in re.findall(r"^```python\n(.*?)^```", PAGES["docs/own_network.md"],
                           re.MULTILINE | re.DOTALL):
        exec(code, names)
    assert ks.load_pretrained("mine.keras").name == "mine"
