"""Any folder of images with density pictures, fixations, or both.

Layout, with names that options can change; files belong together by name without extension::

    stimuli/    images (jpg, png, bmp, tif, webp) of any size; a note counts other files
    density/    grayscale pictures of the fixation density, the training target where present
    fixations/  masks of the stimulus' size: each pixel above 0 in any channel is one fixation;
                or instead
    fixations.csv   `stimulus,observer,x,y[,start,end]`, a fixation a row, see `reading.read_trials`

The user states viewing time and pixels_per_dva. Masks do not tell observers apart (observer -1).
"""
from typing import Optional

from keras_saliency.datasets import reading
from keras_saliency.datasets.coordinates import trials_in_pixels
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, folders
from keras_saliency.files.orientation import UPRIGHT

NAME = "folder"


def load(root: AnyPath, *, stimuli: str = "stimuli", density: Optional[str] = "density",
         fixations: Optional[str] = "fixations", pixels_per_dva: Optional[float] = None,
         edition: str = "", check_masks: bool = True,
         coordinates: Optional[str] = None, orientation: str = UPRIGHT) -> SaliencyDataset:
    """Read the folder `root`; at least one of density and fixations is needed.

    Args:
        stimuli, density, fixations: names of the sub-folders, of fixations without the ending
            of a CSV file; None leaves density or fixations unread.
        edition: release to record with results; the folder's name if empty.
        check_masks: refuse pictures that are no masks: JPEG, resized, inverted, of dots or of a
            density. With False each pixel above 0 is a fixation whatever they look like.
        coordinates: of the CSV file, see `datasets.coordinates`; None for pixels that are checked.
        orientation: "upright" for fixations and maps of the pictures as viewers show them, turned
            by their EXIF orientation; "stored" for those of the pictures as the files hold them,
            which is how MATLAB and PIL read them.
    """
    root = reading.require_folder(
        root, NAME, f"{stimuli}/ and {density}/, {fixations}/ or {fixations}.csv")
    files = reading.list_stimuli(root, stimuli, NAME)
    maps = _partners(root, density, files, "density picture")
    masks = _partners(root, fixations, files, "fixation mask")
    table = root / f"{fixations}.csv"
    has_table = bool(fixations) and table.is_file()
    require(maps or masks or has_table, f"{NAME}: {root} holds neither {density}/ (density "
            f"pictures) nor {fixations}/ (fixation masks) or {fixations}.csv")
    require(not (masks and has_table), f"{NAME}: {root} holds {fixations}/ and {fixations}.csv; "
            "which of them counts is unclear: rename one")
    sizes = reading.image_sizes(files, orientation=orientation)
    trials = reading.mask_trials(masks, sizes, NAME, check=check_masks) if masks else None
    if has_table:
        trials = trials_in_pixels(reading.read_trials(table, files, NAME), sizes, coordinates,
                                  f"{NAME}: {table}")
    others = folders.left_out(root / stimuli)
    return reading.build_dataset(
        NAME, files, sizes, trials, densities=maps, density_name="density pictures",
        edition=edition or root.resolve().name, pixels_per_dva=pixels_per_dva,
        notes=(f"{root / stimuli}: {others}",) if others else (), orientation=orientation)


def _partners(root, name, stimuli, what):
    """The files of the sub-folder `name` that belong to `stimuli`; None without that folder."""
    if not name or not (root / name).is_dir():
        return None
    return reading.list_partners(stimuli, root, name, what, NAME)


SPEC = DatasetSpec(load)
