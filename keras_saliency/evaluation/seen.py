"""Stimuli that a network has seen: what its file says it was trained or calibrated on."""
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.maps.facts import Facts

# In `Facts.about`, and in its calibration: those of `SaliencyDataset.fingerprints`. More of them
# would be longer than an attribute of a file may be.
FINGERPRINTS, MOST_FINGERPRINTS = "fingerprints", 50_000


def seen(facts: Facts, dataset: SaliencyDataset, usual: bool) -> list[str]:
    """Return sentences on the stimuli of `dataset` that a network was trained or calibrated on.

    Args:
        facts: of the network. Older files name datasets, not stimuli.
        usual: whether the stimuli are the validation part of the usual split, which training
            leaves out; then such a file gives no reason for a sentence.
    """
    calibration = facts.about.get("calibration")
    sources = {"trained": (facts.about, "training_stimuli"), "calibrated": (
        calibration if isinstance(calibration, dict) else {}, "stimuli")}
    found = []
    for done, (about, counted) in sources.items():
        known = about.get(FINGERPRINTS)
        if isinstance(known, (list, tuple)):
            count = sum(map(set(known).__contains__, dataset.fingerprints()))
            if count:
                found.append(f"{facts.name} was {done} on {count} of the {len(dataset)} stimuli "
                             "that are scored, as its file says")
        elif not usual and dataset.label in str(about.get("dataset")).split(" + "):
            found.append(f"{facts.name} was {done} on {about.get(counted, 'some')} stimuli of "
                         f"{about['dataset']}, as its file says; it does not name them, and those "
                         "that are scored are not the validation part of the usual split")
    return found
