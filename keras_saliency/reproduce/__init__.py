"""Tables and figures of the papers, one file each."""
from keras_saliency.reproduce import ead_losses, gallery, popout_nmm, scenes

RESULTS = {
    "ead_losses": ead_losses.SPEC,
    "gallery": gallery.SPEC,
    "popout": popout_nmm.SPEC,
    "scenes": scenes.SPEC,
}
