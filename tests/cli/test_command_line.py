"""What every command does with errors and warnings."""
import warnings

import pytest

from keras_saliency.cli import command_line
from keras_saliency.files import InputWarning, warn


def test_a_warning_about_input_is_one_line_shown_once(capsys):
    def main():
        for _ in range(3):
            warn("no\x1b[2Jfixation of 3 lies in the picture")
        warnings.warn("another program's", DeprecationWarning)

    shown = warnings.showwarning
    with pytest.raises(SystemExit) as ended:
        command_line.run(main)
    assert ended.value.code == 0 and warnings.showwarning is shown
    assert capsys.readouterr().err == "warning: no\\x1b[2Jfixation of 3 lies in the picture\n"


def test_in_python_it_is_a_warning_at_the_line_of_the_caller():
    def call():
        warn("something")

    with pytest.warns(InputWarning, match="something") as caught:
        call()
    assert caught[0].filename == __file__
