"""What a file of a trained network is, by its first bytes: nothing else is loaded to tell."""


def kind_of(head: bytes) -> str:
    """The kind of a file by its first 16 bytes, nothing where it is none that is known.

    >>> kind_of(b"PK\\x03\\x04"), kind_of(b"z[t] = sigmoid(")
    ('zip', '')
    """
    kinds = {
        "zip": head.startswith(b"PK"),
        "hdf5": head.startswith(b"\x89HDF\r\n\x1a\n"),
        "safetensors": head[8:9] == b"{",
        "pickle": head[:1] == b"\x80" and head[1:2] <= b"\x05",
        "onnx": len(head) > 2 and head[0] == 0x08 and 0 < head[1] < 40,  # a ModelProto's version
    }
    return next((kind for kind, fits in kinds.items() if fits), "")
