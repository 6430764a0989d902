"""Pictures with marks: fixations, the patch a unit sees, the maximum of a response."""
import cv2
import numpy as np

from keras_saliency.prediction.overlay import colorize

MARK, DOT = (255, 210, 0), (90, 200, 255)  # RGB


def with_fixations(picture, points) -> np.ndarray:
    """Return uint8 [H, W, 3] with a dot at each of points [n, 2] (x, y)."""
    marked = np.ascontiguousarray(picture, np.uint8).copy()
    radius = max(1, round(max(marked.shape[:2]) / 160))
    for x, y in np.floor(points).astype(int).tolist():
        cv2.circle(marked, (x, y), radius, MARK, -1, cv2.LINE_AA)
    return marked


def with_box(picture, top, left, size) -> np.ndarray:
    """Return uint8 [H, W, 3] with the outline of a square, clipped to the picture."""
    marked = np.ascontiguousarray(picture, np.uint8).copy()
    height, width = marked.shape[:2]
    thickness = max(1, round(max(height, width) / 160))
    corner = (max(left, 0), max(top, 0))
    other = (min(left + size, width) - 1, min(top + size, height) - 1)
    cv2.rectangle(marked, corner, other, MARK, thickness)
    return marked


def response_picture(response, size) -> np.ndarray:
    """Return a response map [h, w] in false colors as uint8 [H, W, 3], a dot at its maximum."""
    height, width = size
    row, column = np.unravel_index(np.argmax(response), response.shape)
    enlarged = colorize(cv2.resize(np.asarray(response, np.float32), (width, height),
                                   interpolation=cv2.INTER_LINEAR))
    place = (round((column + 0.5) * width / response.shape[1]),
             round((row + 0.5) * height / response.shape[0]))
    cv2.circle(enlarged, place, max(1, round(max(size) / 80)), DOT, -1, cv2.LINE_AA)
    return enlarged
