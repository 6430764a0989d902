"""Every table and figure of the five papers: which result makes it, or what is missing for it.

An item is either the name of a result in `RESULTS` or a `Missing`, which says what would be needed.
"""
from typing import NamedTuple


class Missing(NamedTuple):
    """What a table or figure cannot be made without."""

    data: str


PAPERS = {
    "msi_net": "Kroner, Senden, Driessens and Goebel: Contextual encoder-decoder network for "
               "visual saliency prediction, Neural Networks 129 (2020)",
    "ead": "He, Borji, Mi and Pugeault: What catches the eye in deep saliency (2018)",
    "understanding": "He, Tavakoli, Borji, Mi and Pugeault: Understanding and visualizing deep "
                     "visual saliency models, CVPR 2019",
    "deepgaze1": "Kuemmerer, Theis and Bethge: Deep Gaze I, ICLR workshop 2015",
    "salnet": "Pan, Sayrol, Giro-i-Nieto, McGuinness and O'Connor: Shallow and deep convolutional "
              "networks for saliency prediction, CVPR 2016",
}

_SERVER = "the fixations of {}, which its benchmark keeps to itself and scores on its server"


def _imported(model) -> Missing:
    return Missing(f"{model}'s weights, which are in Caffe's format; patterns makes it of weights "
                   "imported with scripts/import_weights.py")


_SALICON = Missing("SALICON, whose download is not among the data here")

ITEMS = {
    "msi_net": {
        "Figure 1": "gallery",
        "Figure 2": "architectures",
        "Figure 3": "ablation_maps",
        "Figure 4": "failures",
        "Table 1": Missing(_SERVER.format("MIT300")),
        "Table 2": Missing(_SERVER.format("CAT2000's test set")),
        "Table 3": "costs",
        "Table 4": "costs",
        "Table 5": "costs",
        "Table 6": "ablations",
        "Table 7": "ablation_kinds",
        "Table A.8": "ablations",
        "Table A.9": "ablation_kinds",
    },
    "ead": {
        "Figure 1": "architectures",
        "Figure 2": "loss_shapes",
        "Figure 3": "detectors",
        "Figure 4": "gallery",
        "Figure 5": "patterns",
        "Figure 6": "patterns",
        "Figure 7": _imported("OpenSALICON"),
        "Figure 8": _imported("OpenSALICON"),
        "Figure 9": _imported("Deepnet"),
        "Figure 10": "patterns",
        "Figure 11": "patterns",
        "Figure 12": Missing("Broden; frequencies makes it of a labelled folder"),
        "Table 1": "architectures",
        "Table 2": "ead_losses",
        "Table 3": _SALICON,
        "Table 4": Missing(_SERVER.format("MIT300")),
        "Table 5": "detectors",
    },
    "understanding": {
        "Figure 1": "regions",
        "Figure 2": "popout_units",
        "Figure 3": "unit_changes",
        "Figure 4": "regions",
        "Figure 5": "unit_changes",
        "Figure 6": "unit_changes",
        "Figure 7": "regions",
        "Figure 8": "popout",
        "Figure 9": "popout_units",
        "Figure 10": "architectures",
        "Figure 11": Missing("scene labels of SALICON-SAL-SCE; scenes makes it of a folder for "
                             "each scene"),
        "Table 1": "observers",
        "Table 2": "regions",
        "Table 3": "regions",
        "Table 4": "popout",
        "Table 5": "popout_units",
        "Table 6": "readouts",
        "Table 7": Missing("scene labels of SALICON-SAL-SCE, and the labels of OSIE-SR"),
        "Table 8": Missing("scene labels of SALICON-SAL-SCE; scenes makes it of a folder for each "
                           "scene"),
    },
    "deepgaze1": {
        "Figure 1": "deepgaze1_prior",
        "Figure 2": "architectures",
        "Figure 3": "deepgaze1_explained",
        "Figure 4": "deepgaze1_auc",
        "Figure 5": "deepgaze1_layers",
        "Figure 6": "deepgaze1_units",
        "Figure 7": "deepgaze1_units",
        "Figure 8": "deepgaze1_sparsity",
    },
    "salnet": {
        "Figure 1": "salnet_maps",
        "Figure 2": "architectures",
        "Figure 3": "salnet_filters",
        "Figure 4": "architectures",
        "Figure 5": "salnet_maps",
        "Table 1": "costs",
        "Table 2": Missing("nothing to measure: it describes SALICON, iSUN and MIT300"),
        "Table 3": "salnet",
        "Table 4": "salnet",
        "Table 5": "salnet",
        "Table 6": "salnet",
    },
}


def items_of(result: str) -> list:
    """The tables and figures that a result makes, as [paper, item]."""
    return [[paper, item] for paper, items in ITEMS.items() for item, made in items.items()
            if made == result]
