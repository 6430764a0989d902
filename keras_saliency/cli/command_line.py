"""Shared by the commands: a parser with an example, and errors as one line with an exit code."""
import argparse
import itertools
import os
import sys
import traceback
import warnings
from contextlib import contextmanager
from typing import Callable, Iterator, NoReturn, Optional, Sequence

from keras_saliency.files import InputError, InputWarning, NotTrusted, printable
from keras_saliency.files.shipped import did_you_mean

DONE, FAILED, BAD_INPUT = 0, 1, 2
# What opening a file raises because of its name; other OSErrors are of the machine.
UNOPENED = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError,
            PermissionError)


class Parser(argparse.ArgumentParser):
    """An argument parser that reports what is wrong as one line, with the option that was meant."""

    def parse_args(self, args: Optional[Sequence[str]] = None,
                   namespace: Optional[argparse.Namespace] = None) -> argparse.Namespace:
        given = sys.argv[1:] if args is None else list(args)
        for text in itertools.takewhile("--".__ne__, given):
            option = text.partition("=")[0]
            if option.startswith("--") and option not in self._option_string_actions:
                self.error(f"no option {option}"
                           f"{did_you_mean(option, self._option_string_actions)}")
        return super().parse_args(given, namespace)

    def error(self, message: str) -> NoReturn:
        print(f"error: {printable(message)} ({self.prog} --help explains the options)",
              file=sys.stderr)
        sys.exit(BAD_INPUT)


def plain_parser(description: str, example: str) -> Parser:
    """Return an argument parser with a working example in its help."""
    return Parser(description=description, epilog=f"example:\n  {example}", allow_abbrev=False,
                  formatter_class=argparse.RawDescriptionHelpFormatter)


def parser(description: str, example: str, default_config: Optional[str] = None) -> Parser:
    """Return an argument parser with --config, --set and a working example in its help."""
    parser = plain_parser(description, example)
    parser.add_argument("--config", metavar="CONFIG", default=default_config,
                        help="settings of the run: a .yaml file, or the name of a config that "
                             "comes with the package, such as msi_net_osie" + (
                                 " (default: %(default)s)" if default_config else ""))
    parser.add_argument("--set", metavar="KEY.SUB=VALUE", nargs="+", action="extend", default=[],
                        dest="overrides", help="change settings; may be repeated")
    return parser


def run(main: Callable[[], Optional[int]]) -> None:
    """Call `main()` and exit with its code (None is 0).

    Wrong input (`InputError`, and files that cannot be opened) is one line on standard error and
    exit code 2. A full disk, a dead server or a diverged training is one line and exit code 1.
    Anything else is a bug and keeps its traceback. KERAS_SALIENCY_DEBUG=1 shows every traceback.
    An `InputWarning` is one line on standard error, too.
    """
    try:
        with _warnings_as_lines():
            code = main() or DONE
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except (InputError, *UNOPENED) as error:
        _fail(error, BAD_INPUT)
    except (OSError, FloatingPointError) as error:
        _fail(error, FAILED)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(FAILED)


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Print each `InputWarning` as one line, without the place in the code that Python adds."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_line(message, category, *rest):
            if issubclass(category, InputWarning):
                from tqdm import tqdm

                # on a line of its own where a progress bar is shown
                tqdm.write(f"warning: {printable(message)}", file=sys.stderr)
            else:
                show(message, category, *rest)

        warnings.showwarning = show_line
        yield


def _fail(error, code) -> None:
    if os.environ.get("KERAS_SALIENCY_DEBUG"):
        traceback.print_exc()
    named = isinstance(error, OSError) and error.filename and error.strerror
    text = f"{error.filename}: {error.strerror}" if named else str(error)
    remedy = " (--trust)" if isinstance(error, NotTrusted) else ""
    print(f"error: {printable(text)}{remedy}", file=sys.stderr)
    sys.exit(code)
