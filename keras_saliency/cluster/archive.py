"""Predictions of archives: pictures that are listed as the work goes on, results by address."""
import io
import itertools
import json
import sys
from pathlib import PurePosixPath

from tqdm import tqdm

from keras_saliency.cluster import packing
from keras_saliency.files import InputError, addresses, import_optional, printable
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.prediction.prediction_files import SHARD, output_names, predict_shard

ABOUT = "archive.json"   # what an output folder was made with
TABLES = "tables"        # folder of a table for each shard


def is_archive(sources, out) -> bool:
    """Whether `predict_archive` is for such pictures, or such an output."""
    return addresses.is_address(out) or any(map(addresses.is_archive, sources))


def predict_archive(predict, sources, out, raw=False, limit=LIMIT, client=None,
                    log=print) -> bool:
    """Predict every picture of an archive; what is written is described in `docs/scale.md`.

    Args:
        predict: function, uint8 [H, W, 3] RGB -> float32 [H, W].
        sources: one, as of `addresses.pictures`. out: folder or address of one.
        raw, limit: as of `predict_all`.
        client: of `connect`; with its `resume` finished shards of `out` are not done again.

    Returns:
        Whether some pictures could not be predicted; the tables say why.

    Raises:
        InputError: no client, several sources, no pictures, or an `out` that holds something else.
        OSError: as of `Cluster.map`.
    """
    if client is None:
        raise InputError("archives are for workers: add --cluster local, or the address of a "
                         "scheduler")
    if len(sources) != 1:
        raise InputError(f"one archive at a time, not {len(sources)}; a {addresses.LIST} file with "
                         "an address a line holds any pictures")
    [source] = sources
    settings = {"source": str(source), "raw": raw, "limit": limit,
                "shard": SHARD, "predict": packing.digest(packing.pack(predict))}
    if addresses.is_below(out, source):
        raise InputError(f"{out} lies in {source}: predictions would be taken for pictures; give "
                         "another --out")
    jobs = ((address, _stem(name)) for address, name in addresses.pictures(source))
    jobs = itertools.chain([next(jobs)], jobs)  # no pictures: known before anything is written
    _claim(out, settings, client.resume)
    tables = Tables(addresses.join(out, TABLES), client.resume)
    done = failed = 0
    rows = client.map(predict_rows, "jobs", _shards(jobs), {
        "predict": predict, "folder": out, "raw": raw, "limit": limit}, "predicting",
        unit="picture", names=lambda shard: [address for address, _ in shard], kept=tables)
    for row in rows:
        wrong = [text for text in row["error"] if text]
        done, failed = done + len(row["error"]) - len(wrong), failed + len(wrong)
        for text in wrong:
            tqdm.write(f"error: {printable(text)}", file=sys.stderr)
    log(f"{done} pictures predicted into {out}, {failed} not; {addresses.join(out, TABLES)} has a "
        "line for each")
    return failed > 0


def predict_rows(jobs, folder, raw, **settings) -> dict:
    """{column: values} of the pictures of a shard: picture, density, overlay, error."""
    messages = predict_shard(jobs, folder=folder, raw=raw, **settings)
    names = [output_names(stem)[:2] if message is None else ("", "")
             for (_, stem), message in zip(jobs, messages)]
    return {"picture": [address for address, _ in jobs],
            "density": [name for name, _ in names], "overlay": [name for _, name in names],
            "error": [message or "" for message in messages]}


class Tables:
    """A Parquet table of each finished shard; what `Work` takes for `kept`."""

    def __init__(self, folder, resume=False):
        self.folder = folder
        self.there = addresses.names_in(folder) if resume else set()

    def has(self, number: int, shard) -> bool:
        """Whether a shard need not be done again."""
        return self._name(number, shard) in self.there

    def read(self, number: int, shard) -> dict:
        """{column: values} of a shard."""
        parquet = import_optional("pyarrow.parquet", "cluster")
        contents = addresses.read_bytes(addresses.join(self.folder, self._name(number, shard)))
        return parquet.read_table(io.BytesIO(contents)).to_pydict()

    def write(self, number: int, shard, columns) -> None:
        """Keep the columns of a shard: whole or not at all."""
        pyarrow = import_optional("pyarrow", "cluster")
        parquet = import_optional("pyarrow.parquet", "cluster")
        table = io.BytesIO()
        parquet.write_table(pyarrow.table(columns), table)
        addresses.write_bytes(addresses.join(self.folder, self._name(number, shard)),
                              table.getvalue())

    def _name(self, number, shard) -> str:
        return f"{number:06d}-{packing.digest(packing.pack(shard))}.parquet"


def _claim(out, settings, resume) -> None:
    """Write down what `out` is made with; `InputError` for one that is of something else."""
    path = addresses.join(out, ABOUT)
    there = addresses.names_in(out)
    if there and ABOUT not in there:
        raise InputError(f"{out} holds other files: give another --out")
    if there and not resume:
        raise InputError(f"{out} holds predictions: --resume goes on with them, or give another "
                         "--out")
    if there and json.loads(addresses.read_bytes(path)) != settings:
        raise InputError(f"{out} was made from other pictures or with another model: give another "
                         "--out")
    addresses.write_bytes(path, (json.dumps(settings, indent=2) + "\n").encode())


def _stem(name) -> str:
    """Where the files of a picture go, below `out`; with its ending, as another may differ in that
    alone."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.replace(".", "_")))


def _shards(jobs):
    while True:
        shard = list(itertools.islice(jobs, SHARD))
        if not shard:
            return
        yield shard
