"""The registry of results: their specifications in the order of the page."""
from importlib import import_module

from papers import NAMES
from papers.making.spec import read_spec

RESULTS = {name: read_spec(import_module(f"papers.{name}")) for name in NAMES}
