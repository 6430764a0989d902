"""Architectures: the facts are read off the network, and a wrong network shows."""
import pytest

from keras_saliency.models import build_model
from keras_saliency.models.complexity import layer_costs, total
from papers import architectures
from papers.command import COMMITTED
from papers.making import ledger
from papers.shared.architecture_facts import FACTS, Network, stated

FACT = {"network": "ead", "kind": "fact", "name": "pools kept", "paper": 4, "ours": 4}
LAYER = {"network": "ead", "kind": "layer", "name": "saliency", "output": "240x320x1",
         "parameters": 577}


def test_the_verdict_names_what_differs():
    assert architectures.verdict([FACT, LAYER]).holds is True
    holds, text = architectures.verdict([FACT, {**FACT, "ours": 5}, LAYER])
    assert holds is False and "1 of 2" in text and "ead: pools kept 4, ours 5" in text
    assert architectures.verdict([LAYER]).holds is False


def test_the_committed_rows_are_those_of_the_network(setting):
    committed = [row for row in ledger.read_rows(COMMITTED / "architectures.csv")
                 if row["network"] == "ead"]
    made = architectures.measure(setting, "ead")
    assert [(row["kind"], row["name"]) for row in made] == [
        (row["kind"], row["name"]) for row in committed]
    assert [str(row.get("output", "")) for row in made] == [row["output"] for row in committed]


def test_every_network_has_facts():
    assert set(FACTS) == set(architectures.NETWORKS)


@pytest.mark.parametrize("options, wrong", [
    ({}, set()), ({"widths": (256, 128, 64, 32)}, {"maps before the last convolution"})])
def test_facts_are_read_off_the_network(options, wrong):
    size = (240, 320)
    model = build_model("ead", **options)
    costs = layer_costs(model, size)
    network = Network(model, {cost.name: cost for cost in costs}, total(costs), size, {"ead": 1.0})
    assert {fact for fact, paper, ours in FACTS["ead"]
            if str(paper) != str(stated(ours(network)))} == wrong


def test_inner_convolutions_are_hidden_and_the_ends_of_blocks_shown():
    hidden = ["block1_conv1", "block4_conv3", "fine_preprocess"]
    shown = ["block4_pool", "block5_conv3", "coarse_block5_conv3", "aspp_conv1_1", "decoder1_up"]
    assert [name for name in hidden + shown if architectures.HIDDEN.match(name)] == hidden
