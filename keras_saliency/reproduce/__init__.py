"""Tables and figures of the papers, one file each, in the order of the page."""
from keras_saliency.reproduce import (
    calibration,
    costs,
    ead_losses,
    gallery,
    popout,
    scenes,
)

RESULTS = {
    "costs": costs.SPEC,
    "gallery": gallery.SPEC,
    "ead_losses": ead_losses.SPEC,
    "popout": popout.SPEC,
    "scenes": scenes.SPEC,
    "calibration": calibration.SPEC,
}
