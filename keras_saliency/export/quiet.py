"""Converters that print less."""
import logging
import re
from contextlib import contextmanager
from typing import ContextManager, Iterator

from keras_saliency.lazy import without_lines


@contextmanager
def quiet(*loggers: str, level: int = logging.CRITICAL) -> Iterator[None]:
    """Within the block these loggers say nothing below `level`: what is wrong is raised as well."""
    loggers = [logging.getLogger(name) for name in loggers]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, before in zip(loggers, levels):
            logger.setLevel(before)


def quiet_converter() -> ContextManager:
    """Leave out what a converter writes to standard error, such as tables of operations, unless
    it fails."""
    return without_lines(re.compile(b""))
