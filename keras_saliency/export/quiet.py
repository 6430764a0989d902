"""Converters that say less."""
import logging
from contextlib import contextmanager


@contextmanager
def quiet(*loggers, level=logging.CRITICAL):
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
