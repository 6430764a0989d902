"""Tables and figures of the papers, one file each, in the order of the page."""
from keras_saliency.reproduce import (
    ablations,
    calibration,
    costs,
    deepgaze1_layers,
    deepgaze1_sparsity,
    detectors,
    ead_losses,
    gallery,
    loss_shapes,
    observers,
    popout,
    popout_units,
    readouts,
    scenes,
)

RESULTS = {
    "costs": costs.SPEC,
    "ablations": ablations.SPEC,
    "gallery": gallery.SPEC,
    "loss_shapes": loss_shapes.SPEC,
    "ead_losses": ead_losses.SPEC,
    "detectors": detectors.SPEC,
    "observers": observers.SPEC,
    "readouts": readouts.SPEC,
    "popout_units": popout_units.SPEC,
    "popout": popout.SPEC,
    "scenes": scenes.SPEC,
    "deepgaze1_layers": deepgaze1_layers.SPEC,
    "deepgaze1_sparsity": deepgaze1_sparsity.SPEC,
    "calibration": calibration.SPEC,
}
