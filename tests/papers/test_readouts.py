"""Setup I and II: both findings must show, and the paper's Table 6 stands beside ours."""
from papers import readouts

NSS = dict(zip(readouts.LAYERS, (1.6, 2.9, 3.0, 3.05, 3.05, 3.04, 3.02, 2.9)))


def rows(nss=None, output=0.9, middle=2.0):
    return [{"layers": layers, "seed": 1, "epoch": 4, "nss": value, "cc": 0.7, "auc_judd": 0.9,
             "auc_shuffled": 0.8, "nmm_block5_conv3": output, "nmm_block4_conv1": middle}
            for layers, value in {**NSS, **(nss or {})}.items()]


def test_holds_where_more_layers_do_not_help_and_pop_out_stays_in_the_middle():
    found = readouts.verdict(rows())
    assert found.holds is True and "3.050 with 3" in found.text and "0.90" in found.text


def test_fails_where_more_layers_help():
    found = readouts.verdict(rows({"all": 3.2}))
    assert found.holds is False and "3.200 with all (not shown)" in found.text


def test_fails_where_pop_out_reaches_the_last_layer():
    found = readouts.verdict(rows(output=2.1))
    assert found.holds is False and found.text.endswith("(not shown)")


def test_table_six_of_the_paper():
    [table] = readouts.tables(rows())
    assert [row[0] for row in table.rows] == list(readouts.LAYERS)
    assert table.rows[0][-1] == 0.38 and table.rows[-1][-1] == 0.73
