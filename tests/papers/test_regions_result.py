"""Tables 2 and 3 on OSIE-SR's layout: no verdict on a sample, both verdicts on enough labels."""
from papers import regions
from papers.shared.studied import UNTRAINED

FACTS = {"part": "validation", "spearman": 0.9, "clusters_p": 0.01, "above": 3, "regions": 40,
         "os": 2.0, "od": 0.5}


def rows(head=3.3, text=1.3, stimuli=200, categories=("person head", "text")):
    before = {"person head": 1.2, "text": 1.1, "unlabelled": 1.0}
    after = {"person head": head, "text": text, "unlabelled": 2.0}
    return [{"model": model, "layer": layer, "category": category, "top": top[category],
             "finetuned": tuned, "stimuli": stimuli, **FACTS}
            for model, tuned, top in ((UNTRAINED, 0, before), ("runs/three", 3, after))
            for layer in (("block4_conv3", "block5_conv3") if not tuned else ("block5_conv3",))
            for category in categories]


def test_holds_where_heads_gain_more_than_text():
    found = regions.verdict(rows())
    assert found.holds is True and "three +2.10 and +0.20" in found.text


def test_fails_where_text_gains_as_much_or_heads_lose():
    assert regions.verdict(rows(text=3.5)).holds is False
    assert regions.verdict(rows(head=1.1, text=0.5)).holds is False


def test_one_stimulus_or_no_categories_test_nothing():
    found = regions.verdict(rows(stimuli=1, categories=("unlabelled",)))
    assert found.holds is None and "labels of 1 stimulus (unlabelled)" in found.text
    assert regions.verdict(rows(stimuli=10)).holds is None
    assert regions.verdict([row for row in rows() if row["model"] == UNTRAINED]).holds is None


def test_the_papers_rows_are_of_the_layer_before_and_of_the_number_of_layers_after():
    top, above, relation = regions.tables(rows())
    assert [row[2:] for row in top.rows if row[0] == "the paper"] == [
        [3.46, 2.4], [1.21, 1.1], [3.28, 1.34]]
    assert [row[2:] for row in above.rows if row[0] == "the paper"][-1] == [43, 0]
    assert relation.rows == [["`three`", "0.90", "0.0100", "40: 2.00, 0.50", "40: 2.00, 0.50"]]
