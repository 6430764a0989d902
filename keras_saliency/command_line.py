"""What the scripts share: --config and --set, and errors as one line with an exit code."""
import argparse
import os
import sys
import traceback

from keras_saliency import config as configs

DONE, FAILED, BAD_INPUT = 0, 1, 2


def plain_parser(description: str, example: str) -> argparse.ArgumentParser:
    """An argument parser with a working example in its help."""
    return argparse.ArgumentParser(
        description=description, epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter)


def parser(description: str, example: str, default_config=None) -> argparse.ArgumentParser:
    """An argument parser with --config, --set and a working example in its help."""
    parser = plain_parser(description, example)
    parser.add_argument("--config", metavar="YAML", default=default_config,
                        help="settings of the run" + (
                            " (default: %(default)s)" if default_config else ""))
    parser.add_argument("--set", metavar="KEY.SUB=VALUE", nargs="+", action="extend", default=[],
                        dest="overrides", help="change settings; may be repeated")
    return parser


def add_builder_options(parser) -> None:
    """Let a parser take --option KEY=VALUE; `builder_options` reads them."""
    parser.add_argument("--option", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
                        help="of the model's builder, e.g. width_multiplier=0.5")


def builder_options(arguments) -> dict:
    """The dict that --option describes."""
    return configs.ModelConfig(options=configs.read_pairs(arguments.option, "--option")).options


def load_config(arguments) -> configs.Config:
    """The `Config` that --config and --set describe."""
    return configs.load(arguments.config, arguments.overrides)


def run(main) -> None:
    """Call `main()` and exit with its code (None is 0).

    Wrong input (ValueError, and files that cannot be opened) is one line on standard error and
    exit code 2; anything else that fails keeps its traceback and exits with 1.
    KERAS_SALIENCY_DEBUG=1 shows every traceback.
    """
    try:
        sys.exit(main() or DONE)
    except (ValueError, OSError) as error:
        if os.environ.get("KERAS_SALIENCY_DEBUG"):
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except FloatingPointError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(FAILED)
