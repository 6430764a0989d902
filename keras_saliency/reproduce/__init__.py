"""Tables and figures of the papers, one file each, in the order of the page."""
from keras_saliency.reproduce import (
    ablations,
    calibration,
    costs,
    detectors,
    ead_losses,
    gallery,
    popout,
    popout_units,
    readouts,
    scenes,
)

RESULTS = {
    "costs": costs.SPEC,
    "ablations": ablations.SPEC,
    "gallery": gallery.SPEC,
    "ead_losses": ead_losses.SPEC,
    "detectors": detectors.SPEC,
    "readouts": readouts.SPEC,
    "popout_units": popout_units.SPEC,
    "popout": popout.SPEC,
    "scenes": scenes.SPEC,
    "calibration": calibration.SPEC,
}
