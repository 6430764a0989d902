"""Any folder of images with density pictures, fixations, or both.

Layout, with names that options can change; files belong together by name without extension::

    stimuli/    images (jpg, png, bmp) of any size
    density/    grayscale pictures of the fixation density, the training target where present
    fixations/  masks of the stimulus' size: each pixel above 0 in any channel is one fixation;
                or in its place
    fixations.csv   `stimulus,observer,x,y[,start,end]`, a fixation a row, see `fixation_tables`

Viewing time and pixels_per_dva are the user's to know; masks do not tell observers apart
(observer -1).
"""
from keras_saliency.datasets.dataset import (
    SaliencyDataset,
    image_sizes,
    list_images,
    match_by_stem,
    require,
    require_folder,
)
from keras_saliency.datasets.fixation_tables import read_trials
from keras_saliency.datasets.reading import (
    Trial,
    build_fixations,
    list_stimuli,
    mask_points,
    require_sizes,
    stems,
    sub_folder,
)
from keras_saliency.datasets.spec import DatasetSpec

NAME = "folder"


def load(root, *, stimuli="stimuli", density="density", fixations="fixations",
         pixels_per_dva=None, edition="") -> SaliencyDataset:
    """Read the folder `root`; at least one of density and fixations is needed.

    Args:
        stimuli, density, fixations: names of the sub-folders, of fixations without the ending
            of a CSV file; None leaves density or fixations unread.
        pixels_per_dva: pixels per degree of visual angle, None if unknown.
        edition: what to record with results; the folder's name if empty.

    Raises:
        DatasetError: a folder or file is missing, unreadable or of another size.
    """
    root = require_folder(root, NAME, f"{stimuli}/ and {density}/, {fixations}/ or "
                                       f"{fixations}.csv")
    files = list_stimuli(sub_folder(root, stimuli, NAME), NAME)
    maps = _partners(root, density, files, "density picture")
    masks = _partners(root, fixations, files, "fixation mask")
    table = root / f"{fixations}.csv" if fixations else None
    if table is None or not table.is_file():
        table = None
    require(maps or masks or table, f"{NAME}: {root} holds neither {density}/ (density pictures) "
                                    f"nor {fixations}/ (fixation masks) or {fixations}.csv")
    require(not (masks and table), f"{NAME}: {root} holds {fixations}/ and {fixations}.csv; which "
                                   "of them counts is unclear: rename one")
    sizes = image_sizes(files)
    for partners, what in ((maps, "density pictures"), (masks, "fixation masks")):
        if partners:
            require_sizes(partners, sizes, what, NAME)
    points = None
    if masks or table:
        points = build_fixations(read_trials(table, files, NAME) if table else (
            Trial(i, mask_points(file, NAME)) for i, file in enumerate(masks)), sizes)
    return SaliencyDataset(
        name=NAME, names=stems(files), stimuli=tuple(files), sizes=sizes, fixations=points,
        density_files=None if maps is None else tuple(maps), pixels_per_dva=pixels_per_dva,
        edition=edition or root.resolve().name)


def _partners(root, name, stimuli, what):
    """The files of the sub-folder `name` that belong to `stimuli`; None without that folder."""
    if not name or not (root / name).is_dir():
        return None
    return match_by_stem(stimuli, list_images(root / name), f"{what} in {root / name}")


SPEC = DatasetSpec(load)
