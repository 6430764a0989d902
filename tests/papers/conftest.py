"""A small setting for every result."""
from pathlib import Path

import pytest

from papers.making.setting import Setting

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def setting(tmp_path):
    return Setting(tmp_path / "scratch", REPOSITORY / "configs", quick=True, log=lambda line: None)
