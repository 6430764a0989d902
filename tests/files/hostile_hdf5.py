"""HDF5 files that lead to others, and damaged ones, for the tests of all that reads HDF5."""
import h5py
import numpy as np


def external_storage(file, name, other, shape, dtype):
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    file.create_dataset(name, shape, dtype, external=[(str(other), 0, count)])


def external_link(file, name, other, shape, dtype):
    file[name] = h5py.ExternalLink(str(other), "/secret")


def soft_link(file, name, other, shape, dtype):
    file[f"elsewhere{name.replace('/', '_')}"] = np.zeros(shape, dtype)
    file[name] = h5py.SoftLink(f"/elsewhere{name.replace('/', '_')}")


def soft_loop(file, name, other, shape, dtype):
    file[name] = h5py.SoftLink(f"/{name}")


def virtual_dataset(file, name, other, shape, dtype):
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(str(other), "secret", shape, dtype)
    file.create_virtual_dataset(name, layout)


def foreign_filter(file, name, other, shape, dtype):
    """h5py's own, which HDF5 does not know: as one that would be loaded from a plugin."""
    file.create_dataset(name, data=np.zeros(shape, dtype), chunks=shape, compression="lzf")


# function that puts such a thing at `name` -> what the message says of it
WAYS = {external_storage: "is stored in another file", external_link: "is a link",
        soft_link: "is a link", soft_loop: "is a link", virtual_dataset: "is a virtual dataset",
        foreign_filter: "is packed by the filter 32000"}


def replace(path, name, way, other):
    """Put a thing of that way in place of the dataset `name`, which leads to the file `other`."""
    with h5py.File(path, "r+") as file:
        shape, dtype = file[name].shape, file[name].dtype
        del file[name]
        with h5py.File(other, "w") as secret:
            secret["secret"] = np.ones(shape, dtype)
        way(file, name, other, shape, dtype)


def mutations(contents: bytes, count: int, seed: int):
    """`count` damaged versions of a file: cut short, bytes changed, blocks erased or repeated."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        changed = bytearray(contents)
        kind, place = rng.integers(5), int(rng.integers(len(changed)))
        if kind == 0:
            del changed[place:]
        elif kind == 1:
            changed[place:place + 64] = bytes(len(changed[place:place + 64]))
        elif kind == 2:
            source = int(rng.integers(len(changed)))
            block = changed[source:source + 64]
            changed[place:place + len(block)] = block
        else:
            for spot in rng.integers(len(changed), size=rng.integers(1, 30)):
                changed[spot] ^= 1 << int(rng.integers(8))
        yield bytes(changed)
