"""Predictions of archives: pictures are listed while the work goes on, results have addresses."""
import io
import itertools
import json
import sys
from pathlib import Path, PurePosixPath
from typing import Any, Callable, Iterable, Sequence, Union

from tqdm import tqdm

from keras_saliency.cluster import packing
from keras_saliency.files import addresses, import_optional, printable, require
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.files.picture_pixels import WHITE
from keras_saliency.prediction.prediction_files import SHARD, output_names, predict_shard

ABOUT = "archive.json"   # settings that an output folder was made with
TABLES = "tables"        # folder with a table for each shard


def is_archive(sources: Iterable, out: Union[str, Path]) -> bool:
    """Return True if such pictures, or such an output, need `predict_archive`."""
    return addresses.is_address(out) or any(map(addresses.is_archive, sources))


def predict_archive(predict: Callable, sources: Sequence, out: Union[str, Path], raw: bool = False,
                    limit: int = LIMIT, client: Any = None, background: Sequence[int] = WHITE,
                    log: Callable = print) -> bool:
    """Predict every picture of an archive; `docs/scale.md` describes the output.

    Return True if some pictures could not be predicted; the tables give the reasons.

    Args:
        predict: function, uint8 [H, W, 3] RGB -> float32 [H, W].
        raw, limit, background: as for `predict_all`.
        sources: one source, as for `addresses.pictures`. out: folder or address of one.
        client: result of `connect`; with its `resume`, finished shards of `out` are skipped.
    """
    require(client is not None,
            "archives need workers: give a cluster, local or the address of a scheduler")
    require(len(sources) == 1, f"give one archive, not {len(sources)}; a {addresses.LIST} file "
            "with an address a line can list pictures from anywhere")
    [source] = sources
    options = {"raw": raw, "limit": limit, "background": list(background)}
    settings = {"source": str(source), **options, "shard": SHARD,
                "predict": packing.digest(packing.pack(predict))}
    require(not addresses.is_below(out, source), f"{out} lies in {source}: predictions would be "
            "taken for pictures; give another output folder")
    jobs = ((address, _stem(name)) for address, name in addresses.pictures(source))
    jobs = itertools.chain([next(jobs)], jobs)  # fails before anything is written
    _claim(out, settings, client.resume)
    tables = Tables(addresses.join(out, TABLES), client.resume)
    done = failed = 0
    shards = iter(lambda: list(itertools.islice(jobs, SHARD)), [])
    rows = client.map(
        predict_rows, "jobs", shards, {"predict": predict, "folder": out, **options}, "predicting",
        unit="picture", names=lambda shard: [address for address, _ in shard], kept=tables)
    for row in rows:
        wrong = [text for text in row["error"] if text]
        done, failed = done + len(row["error"]) - len(wrong), failed + len(wrong)
        for text in wrong:
            tqdm.write(f"error: {printable(text)}", file=sys.stderr)
    log(f"{done} pictures predicted into {out}, {failed} failed; {addresses.join(out, TABLES)} has "
        "a line for each")
    return failed > 0


def predict_rows(jobs: Sequence, folder: Union[str, Path], raw: bool, **settings: Any) -> dict:
    """Predict the pictures of a shard; return the columns picture, density, overlay, error."""
    messages = predict_shard(jobs, folder=folder, raw=raw, **settings)
    names = [output_names(stem)[:2] if message is None else ("", "")
             for (_, stem), message in zip(jobs, messages)]
    return {"picture": [address for address, _ in jobs],
            "density": [name for name, _ in names], "overlay": [name for _, name in names],
            "error": [message or "" for message in messages]}


class Tables:
    """Parquet tables of finished shards, for the argument `kept` of `Cluster.map`."""

    def __init__(self, folder: Union[str, Path], resume: bool = False):
        self.folder = folder
        self.there = addresses.names_in(folder) if resume else set()

    def has(self, number: int, shard: Sequence) -> bool:
        """Return True if a shard is finished."""
        return self._name(number, shard) in self.there

    def read(self, number: int, shard: Sequence) -> dict:
        """Return {column: values} of a shard."""
        parquet = import_optional("pyarrow.parquet", "cluster")
        path = addresses.join(self.folder, self._name(number, shard))
        columns = parquet.read_table(io.BytesIO(addresses.read_bytes(path))).to_pydict()
        require(columns.get("picture") == [str(address) for address, _ in shard],
                f"{path} does not have a row for each picture of its shard; remove it")
        return columns

    def write(self, number: int, shard: Sequence, columns: dict) -> None:
        """Write the columns of a shard, whole or not at all."""
        pyarrow = import_optional("pyarrow", "cluster")
        parquet = import_optional("pyarrow.parquet", "cluster")
        table = io.BytesIO()
        parquet.write_table(pyarrow.table(columns), table)
        addresses.write_bytes(addresses.join(self.folder, self._name(number, shard)),
                              table.getvalue())

    def _name(self, number, shard) -> str:
        return f"{packing.shard_name(number, shard)}.parquet"


def _claim(out, settings, resume) -> None:
    """Record the settings of `out`; raise `InputError` if it was made with others."""
    path = addresses.join(out, ABOUT)
    there = addresses.names_in(out)
    if there:
        require(ABOUT in there, f"{out} holds other files: give another output folder")
        require(resume, f"{out} holds predictions: resume them, or give another output folder")
        require(json.loads(addresses.read_bytes(path)) == settings, f"{out} was made from other "
                "pictures or with another model: give another output folder")
    addresses.write_bytes(path, (json.dumps(settings, indent=2) + "\n").encode())


def _stem(name) -> str:
    """Return the stem of a picture's files; the ending may be all that tells two pictures apart."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.replace(".", "_")))
