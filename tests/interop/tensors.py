"""safetensors files without its package."""
import json
import struct

import numpy
import torch


def read_tensors(path):
    """The tensors and metadata of a safetensors file of real and integer tensors."""
    with open(path, "rb") as f:
        data = f.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    notes = header.pop("__metadata__", {})
    kinds = {"F32": numpy.float32, "F64": numpy.float64, "I32": numpy.int32, "U64": numpy.uint64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(data[8 + length + begin:8 + length + end], kinds[entry["dtype"]])
        if entry["dtype"] != "U64":
            tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors, notes


def write_tensors(path, arrays):
    """A safetensors file of numpy arrays."""
    kinds = {"float32": "F32", "float64": "F64", "int32": "I32"}
    header, data = {}, b""
    for name, array in sorted(arrays.items(), key=lambda pair: -pair[1].itemsize):
        begin = len(data)
        data += array.tobytes()
        header[name] = {"dtype": kinds[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)
