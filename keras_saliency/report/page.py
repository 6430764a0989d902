"""Self-contained HTML pages: no network, no other files, tables that sort by a click.

Each function returns a piece of HTML; `write` puts the pieces together. All text is escaped.
"""
import base64
import html
import json
import math
from pathlib import Path
from typing import Iterable, Mapping, Optional, Sequence, Union

import cv2
import numpy as np

from keras_saliency.files import AnyPath, write_whole

ASSETS = Path(__file__).parent  # page.css and page.js lie beside this file


def write(path: AnyPath, title: str, *parts: str) -> Path:
    """Write a page of these pieces of HTML, whole or not at all, and return its path."""
    style, script = ((ASSETS / f"page.{kind}").read_text(encoding="utf-8")
                     for kind in ("css", "js"))
    text = (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(title)}</title>\n<style>{style}</style></head>\n<body>\n"
            f"<h1>{html.escape(title)}</h1>\n" + "\n".join(parts)
            + f"\n<script>{script}</script>\n</body></html>\n")
    return write_whole(path, text)


def heading(text: str, level: int = 2) -> str:
    """A heading of level 2 or 3."""
    return f"<h{level}>{html.escape(text)}</h{level}>"


def paragraph(text: str) -> str:
    """A paragraph."""
    return f"<p>{html.escape(text)}</p>"


def note(text: str) -> str:
    """An explanation, in a softer colour."""
    return f"<p class=note>{html.escape(text)}</p>"


def table(rows: Sequence[dict]) -> str:
    """A plain table of dicts with the same keys."""
    if not rows:
        return note("none")
    head = "".join(f"<th{_kind(rows[0][key])}>{html.escape(key)}</th>" for key in rows[0])
    body = "".join("<tr>" + "".join(f"<td{_kind(v)}>{html.escape(_show(v))}</td>"
                                    for v in row.values()) + "</tr>" for row in rows)
    return (f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            "</div>")


def sortable_table(columns: Mapping[str, type], rows: Sequence[Sequence], sort: str,
                   filters: Sequence[str] = ()) -> str:
    """A table that sorts by a click on its heads, with menus and a search field.

    Args:
        columns: {title: str, int or float}. rows: lists of cells; None or NaN for an empty cell.
        sort: title of the column it is first sorted by, from above. filters: those with a menu.
    """
    titles = list(columns)
    menus = ""
    for index, title in ((titles.index(title), title) for title in filters):
        values = sorted({str(row[index]) for row in rows if row[index] is not None})
        options = "".join(f"<option>{html.escape(v)}</option>" for v in values)
        menus += (f'<select data-column="{index}" aria-label="{html.escape(title)}">'
                  f'<option value="">any {html.escape(title)}</option>{options}</select>')
    data = json.dumps({
        "rows": [[_plain(v) for v in row] for row in rows],
        "text": [kind is str for kind in columns.values()],
        "real": [kind is float for kind in columns.values()],
        "sort": titles.index(sort), "descending": True}).replace("<", "\\u003c")
    heads = "".join(f'<th tabindex=0{" class=text" if kind is str else ""}>'
                    f"{html.escape(title)}</th>" for title, kind in columns.items())
    return (f'<div class=data><div class=controls>{menus}<input type=search placeholder=search '
            f'aria-label=search><span class=count></span><button>show all</button></div>'
            f'<div class=scroll><table class=sortable><thead><tr>{heads}</tr></thead><tbody>'
            f'</tbody></table></div><script type="application/json">{data}</script></div>')


def picture(image: Union[np.ndarray, AnyPath], caption: str = "",
            width: Optional[int] = None) -> str:
    """A picture inside the page: uint8 [H, W, 3] RGB, stored as JPEG, or the path of a PNG file.

    Arrays wider than `width` pixels are reduced.
    """
    if isinstance(image, np.ndarray):
        if width is not None and image.shape[1] > width:
            height = max(1, round(image.shape[0] * width / image.shape[1]))
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]),
                               [cv2.IMWRITE_JPEG_QUALITY, 80])
        kind, data = "jpeg", data.tobytes()
    else:
        kind, data = "png", Path(image).read_bytes()
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    text = html.escape(caption)
    return (f'<figure><img src="{source}" alt="{text}" loading=lazy>'
            f'{f"<figcaption>{text}</figcaption>" if caption else ""}</figure>')


def strip(pictures: Iterable[str]) -> str:
    """Pictures in a row that wraps."""
    return f'<div class=strip>{"".join(pictures)}</div>'


def side_by_side(parts: Iterable[str]) -> str:
    """Parts beside each other where there is room."""
    return '<div class=sides>' + "".join(f"<div>{part}</div>" for part in parts) + "</div>"


def _plain(value):
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _show(value) -> str:
    value = _plain(value)
    if value is None:
        return "\u2013"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _kind(value) -> str:
    return " class=text" if isinstance(value, str) else ""
