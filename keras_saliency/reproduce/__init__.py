"""Tables and figures of the papers, one file each."""
from keras_saliency.reproduce import calibration_gain, ead_losses, gallery, popout_nmm, scenes

RESULTS = {
    "calibration": calibration_gain.SPEC,
    "ead_losses": ead_losses.SPEC,
    "gallery": gallery.SPEC,
    "popout": popout_nmm.SPEC,
    "scenes": scenes.SPEC,
}
