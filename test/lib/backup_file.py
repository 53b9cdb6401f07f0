"""Backup files as src/core/sweep/backup.h describes them, written and read by another hand."""

import struct
import zlib

SIGNATURE = b"voxbak1\n"
OUTCOMES = ["unknown", "removed", "survived", "not-tried"]


def _text(value):
    return struct.pack("<H", len(value)) + value


def _bytes(value):
    return struct.pack("<I", len(value)) + value


def _record(kind, fields):
    return kind + _bytes(fields)


def header(version=b"7.0.15", at=1763830000123456):
    return _record(b"H", struct.pack("<Q", at) + _text(b"unix:/test") + _text(version) + _text(b"0"))


def key(name, payload, expire_ms=-1, kind=b"string"):
    return _record(b"K", struct.pack("<q", expire_ms) + _text(kind) + _text(b"sessions")
                   + _text(b"stale") + _text(b"for a test") + _bytes(name) + _bytes(payload))


def results(first, outcomes):
    return _record(b"R", struct.pack("<Q", first) + _bytes(bytes(OUTCOMES.index(o) for o in outcomes)))


def block(*records):
    raw = b"".join(records)
    packed = zlib.compress(raw)
    head = b"VKBK" + struct.pack("<II", len(packed), len(raw))
    return head + struct.pack("<I", zlib.crc32(head + packed)) + packed


def write(path, *blocks):
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(SIGNATURE + b"".join(blocks))


def read(data):
    """[(name, payload, expire_ms, outcome)] of every key up to the tear."""
    assert data.startswith(SIGNATURE)
    keys, at = [], len(SIGNATURE)
    while at + 16 <= len(data):
        packed_len, raw_len, total = struct.unpack_from("<III", data, at + 4)
        packed = data[at + 16:at + 16 + packed_len]
        if len(packed) < packed_len or zlib.crc32(data[at:at + 12] + packed) != total:
            break
        raw = zlib.decompress(packed)
        assert len(raw) == raw_len
        _read_records(raw, keys)
        at += 16 + packed_len
    return [tuple(k) for k in keys]


def _read_records(raw, keys):
    at = 0
    while at < len(raw):
        kind, (length,) = raw[at:at + 1], struct.unpack_from("<I", raw, at + 1)
        body = raw[at + 5:at + 5 + length]
        at += 5 + length
        if kind == b"K":
            expire_ms, place, fields = struct.unpack_from("<q", body)[0], 8, []
            for width in ("<H", "<H", "<H", "<H", "<I", "<I"):
                (n,) = struct.unpack_from(width, body, place)
                place += struct.calcsize(width)
                fields.append(body[place:place + n])
                place += n
            keys.append([fields[4], fields[5], expire_ms, "unknown"])
        elif kind == b"R":
            (first,) = struct.unpack_from("<Q", body)
            for i, code in enumerate(body[12:]):
                keys[first + i][3] = OUTCOMES[code]
