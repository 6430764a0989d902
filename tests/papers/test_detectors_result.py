"""Table 5: the correlation is over trained models; few or equal ones show nothing."""
from papers import detectors
from papers.shared.studied import UNTRAINED, short

RATIOS, SCORES = (0.01, 0.021, 0.029, 0.042), (1.0, 2.0, 3.0, 4.0)


def rows(ratios, untrained=0.5):
    facts = {"layer": "block5_conv3", "units": 512, "dead": 0, "detectors": 5, "best_score": 4.0,
             "stimuli": 200}
    made = [{"model": f"runs/m{n}", "ratio": ratio, "nss": nss, **facts}
            for n, (ratio, nss) in enumerate(zip(ratios, SCORES))]
    return [{"model": UNTRAINED, "ratio": untrained, "nss": 0.3, **facts}, *made]


def test_holds_where_the_ratio_rises_with_nss():
    found = detectors.verdict(rows(RATIOS))
    assert found.holds is True and "over 4 trained models" in found.text
    assert "ours r = 1.00" in found.text


def test_the_untrained_encoder_is_not_part_of_r():
    assert detectors.correlation(rows(RATIOS)).points == 4
    assert detectors.verdict(rows(RATIOS, untrained=0.0)).holds is True
    assert detectors.verdict(rows(RATIOS[::-1], untrained=0.0)).holds is False


def test_too_few_models_show_nothing():
    found = detectors.verdict(rows(RATIOS[:2]))
    assert found.holds is None and "2 trained models" in found.text
    assert detectors.verdict(rows((0.02,) * 4)).holds is False


def test_an_insignificant_correlation_is_no_finding():
    assert detectors.verdict(rows((0.02, 0.01, 0.03, 0.02))).holds is False


def test_table_has_the_papers_rows_by_nss():
    [table] = detectors.tables(rows(RATIOS))
    names = [row[0] for row in table.rows]
    assert names[:2] == [f"`{UNTRAINED}`", "`m0`"]
    assert names[-4:] == [f"{n} (the paper)" for n in ("Deepnet", "OpenSalicon", "SalGAN", "EAD")]


def test_names_of_runs():
    assert [short(n) for n in ("ead", "runs/a/best.h5", "runs/b")] == ["ead", "a", "b"]
