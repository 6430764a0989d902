"""Generated pictures to calibrate with, which make a saliency network respond.

Objects of all sizes that hide each other give the early layers the edges and colours of
photographs (the dead leaves model: Lee, Mumford and Huang 2001, "Occlusion models for natural
images"); faces and words give the late ones what they look for. Without those the responses to
photographs are up to three times as large as the range that was seen, at the end of MSI-Net.
"""
import cv2
import numpy as np

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
         cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
LETTERS = "ABCDEFGHIKLMNOPRSTUaceghimnorstu0123456789"


def generate(count: int, size: tuple, seed: int = 0) -> np.ndarray:
    """Return float32 [count, h, w, 3] pictures RGB 0..255 of `size` (h, w)."""
    rng = np.random.default_rng(seed)
    return np.stack([_picture(size, rng) for _ in range(count)])


def _picture(size, rng) -> np.ndarray:
    height, width = size
    corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.uint8)  # OpenCV 5 writes on nothing else
    picture = cv2.resize(corners, (width, height))
    for radius in _radii(int(10 ** rng.uniform(0.5, 2.8)), 0.4 * min(size), rng):
        _object(picture, _place(size, rng), radius, rng)
    unit = min(size) / 240
    for _ in range(rng.integers(0, 4)):
        _face(picture, _place(size, rng), rng.uniform(10, 50) * unit, rng)
    for _ in range(rng.integers(0, 5)):
        _word(picture, _place(size, rng), rng.uniform(0.4, 2.2) * unit, rng)
    noise = rng.normal(0, rng.uniform(0, 8), picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.6) + noise, 0, 255).astype(np.float32)


def _radii(count, largest, rng) -> np.ndarray:
    """Radii with a density ~ radius ** -3 above 5 pixels, by its inverse distribution function."""
    low, high = 5.0 ** -2, max(largest, 6.0) ** -2
    return (low - rng.uniform(size=count) * (low - high)) ** -0.5


def _place(size, rng) -> tuple:
    return int(rng.uniform(0, size[1])), int(rng.uniform(0, size[0]))


def _object(picture, center, radius, rng) -> None:
    """An ellipse or a turned box of one colour, more often gray than pure."""
    color = np.clip(rng.normal(120, 70) + rng.normal(0, 35, 3), 0, 255).tolist()
    sides, angle = (radius, radius * rng.uniform(0.3, 1.0)), rng.uniform(0, 180)
    if rng.uniform() < 0.6:
        _ellipse(picture, center, sides, color, angle)
    else:
        box = cv2.boxPoints((center, (2 * sides[0], 2 * sides[1]), angle))
        cv2.fillPoly(picture, [box.astype(np.int32)], color)


def _face(picture, center, radius, rng) -> None:
    skin = np.array((235, 190, 160)) * rng.uniform(0.35, 1.0)
    hair = np.full(3, rng.uniform(0, 90))

    def part(x, y, width, height, color):  # in radii from the center
        _ellipse(picture, (int(center[0] + x * radius), int(center[1] + y * radius)),
                 (width * radius, height * radius), list(color))

    part(0, -0.25, 0.95, 1.0, hair)
    part(0, 0, 0.8, 1.0, skin)
    for side in (-0.33, 0.33):
        part(side, -0.36, 0.2, 0.05, (40, 30, 20))
        part(side, -0.15, 0.16, 0.09, (245, 245, 245))
        part(side, -0.15, 0.08, 0.08, (30, 20, 10))
    part(0, 0.18, 0.08, 0.12, 0.8 * skin)
    part(0, 0.5, 0.28, 0.1, skin * (0.8, 0.4, 0.4))


def _word(picture, place, scale, rng) -> None:
    word = "".join(rng.choice(list(LETTERS), rng.integers(2, 9)))
    color = rng.choice([(0, 0, 0), (255, 255, 255), rng.uniform(0, 255, 3)]).tolist()
    thickness = max(1, int(scale * rng.uniform(1, 3)))
    cv2.putText(picture, word, (place[0] - 40, place[1]), int(rng.choice(FONTS)), scale, color,
                thickness)


def _ellipse(picture, center, sides, color, angle=0.0) -> None:
    cv2.ellipse(picture, center, [max(1, int(s)) for s in sides], angle, 0, 360, color, -1)
