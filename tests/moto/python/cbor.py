"""The part of CBOR (RFC 8949) that Smithy's protocol uses."""

import base64
import io
import struct

FLOATS = {25: (2, ">e"), 26: (4, ">f"), 27: (8, ">d")}
CONSTANTS = {20: False, 21: True, 22: None, 23: None}
INDEFINITE = 31
BREAK = object()


def load(data):
    """Decodes a document. An empty one is an empty map."""
    return _item(io.BytesIO(data)) if data else {}


def _item(file):
    first = file.read(1)[0]
    major, info = first >> 5, first & 31
    if major == 7:
        return _simple(file, info)
    if info == INDEFINITE:
        return _indefinite(file, major)
    size = info if info < 24 else int.from_bytes(file.read(1 << (info - 24)), "big")
    if major in (0, 1):
        return size if major == 0 else -1 - size
    if major in (2, 3):
        data = file.read(size)
        return data if major == 2 else data.decode()
    if major == 4:
        return [_item(file) for _ in range(size)]
    if major == 5:
        return {_item(file): _item(file) for _ in range(size)}
    return _item(file)  # tags are ignored: the model has the types


def _simple(file, info):
    if info == INDEFINITE:
        return BREAK
    if info in FLOATS:
        size, kind = FLOATS[info]
        return struct.unpack(kind, file.read(size))[0]
    return CONSTANTS[info]


def _indefinite(file, major):
    parts = []
    while (part := _item(file)) is not BREAK:
        parts.append(part)
    if major in (2, 3):
        return (b"" if major == 2 else "").join(parts)
    return parts if major == 4 else dict(zip(parts[::2], parts[1::2], strict=True))


def dump(value, shape=None):
    """Encodes a value. The shape of botocore's model has the types that JSON lacks."""
    kind = shape.type_name if shape is not None else None
    if kind == "timestamp" and value is not None:
        return b"\xc1" + _float(value)
    if kind in ("double", "float") and value is not None:
        return _float(value)
    if kind == "blob" and value is not None:
        return _sized(2, base64.b64decode(value))
    if isinstance(value, list):
        member = shape.member if kind == "list" else None
        return _head(4, len(value)) + b"".join(dump(item, member) for item in value)
    if isinstance(value, dict):
        pairs = (dump(name) + dump(item, _member(shape, kind, name)) for name, item in value.items())
        return _head(5, len(value)) + b"".join(pairs)
    return _scalar(value)


def _member(shape, kind, name):
    if kind == "structure":
        return shape.members.get(name)
    return shape.value if kind == "map" else None


def _scalar(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    return _float(value) if isinstance(value, float) else _sized(3, value.encode())


def _float(value):
    return b"\xfb" + struct.pack(">d", float(value))


def _sized(major, data):
    return _head(major, len(data)) + data


def _head(major, size):
    if size < 24:
        return bytes([major << 5 | size])
    step = next(step for step in range(4) if size < 1 << (8 << step))
    return bytes([major << 5 | 24 + step]) + size.to_bytes(1 << step, "big")
