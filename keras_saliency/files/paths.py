"""The type of a path as functions take it."""
import os
from typing import Union

AnyPath = Union[str, os.PathLike]
