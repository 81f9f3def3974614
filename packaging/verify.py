#!/usr/bin/env python3
"""Verifies a folder of Lazaret's evidence, independently of Lazaret: `verify.py FOLDER [--trust FILE] [--json]`.

Written from the format page alone, with Python's standard library. Checked is every byte of the folder: names of files,
signatures of the checkpoint, the tree under its root, the log's entries, the segments that it seals, and each record
with the commitments of its entry. What is wrong is a finding, never an exception. Not checked: whether what was recorded
is all that happened, whether clocks were right, the log that this one goes on from, and, without a trust file, who
signed. Ends with the verdict in capitals: exit 0 VERIFIED or CONSISTENT, 1 TAMPERED, 2 INCOMPLETE, 3 UNUSABLE.
"""
import argparse, base64, hashlib, itertools, json, os, re, struct, sys
from collections import defaultdict, namedtuple
from contextlib import contextmanager

EXITS = {"tampered": 1, "unusable": 3, "incomplete": 2, "verified": 0, "consistent": 0}  # the first found counts
NOTE_BYTES, TRUST_BYTES, ENTRY_BYTES, SEGMENT_BYTES = 64 << 10, 1 << 20, 1024, 256 << 20
BUNDLE_BYTES, HEADER_BYTES, MAX_FRAME_BYTES = 256 * (2 + ENTRY_BYTES), 4096, 65536
SILENCE_US, LEVELS = 10_000_000, range(8)
ENTRY, FRAME = struct.Struct("<BBHHHQQQ16s"), struct.Struct("<IIHHIQQ16s")
HEADER, STATE = struct.Struct("<8sIIQQQHHHH16s16s64s"), struct.Struct("<QQQQ")
NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SEGMENT = re.compile(rf"({NODE.pattern})-([0-9]{{10,20}})-([0-9]{{5}})-([0-9]{{10,20}})\.seg")
TILE = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
PARTIAL = re.compile(r"(?:tile/(?:[^/]+/)*)?\.partial-[^/]*")
NOTE = re.compile(r"(([^\n]+)\n([1-9][0-9]{0,19})\n([^\n]{44})\n)\n((?:— [^\s+]+ [^\s]+\n){1,64})")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
KINDS = {"u64": (8, 8), "u32": (4, 4), "bool": (1, 1), "counts": (72, 4), "hash": (32, 1),
         "text": (8, 4), "word": (8, 4), "texts": (8, 4)}  # size and alignment
BOOT, HEARTBEAT, SEGMENT_END, RECOVERY = 1, 2, 12, 13
RECORDS = {number: [field.split(":") for field in fields.split()] for number, fields in {
    BOOT: "node:word boot:u64 version:word durability:word",
    HEARTBEAT: "open_sessions:u32 records:u64",
    3: "client_address:text claimed_user:text principal:text issuer:text groups:texts grant:text resource:text "
       "database:text application_name:text protocol:u32 tls:word preset:word",
    4: "client_address:text claimed_user:text database:text reason:text",
    5: "request:u64 message:word kind:word name:text text:text commitment:hash bytes:u64 allowed:bool rule:word "
       "snapshot_hash:word",
    6: "request:u64 statement:text parameters:texts commitment:hash bytes:u64",
    7: "request:u64 bytes:u64 commitment:hash findings:counts",
    8: "request:u64 rows:u64 bytes:u64 findings:counts digest:hash",
    9: "request:u64 rows:u64 bytes:u64 findings:counts digest:hash outcome:word",
    10: "client_address:text found:bool",
    11: "reason:text requests:u64 rows:u64 bytes_to_client:u64 bytes_from_client:u64 findings:counts",
    SEGMENT_END: "records:u64",
    RECOVERY: "torn_bytes:u64 lost_records:u64"}.items()}
Finding = namedtuple("Finding", "verdict entry file sequence offset reason")
Key = namedtuple("Key", "name id type public")
Checkpoint = namedtuple("Checkpoint", "text origin size root signatures")
Origin = namedtuple("Origin", "origin key previous size root")
Seal = namedtuple("Seal", "node boot shard index bytes records first last digest", defaults=[None] * 5)
Record = namedtuple("Record", "where kind body entry")

class Fault(ValueError):
    """Something that does not hold; in a segment at which record, by number and sequence, and byte."""
    def __init__(self, reason, number=0, sequence=None, offset=None):
        super().__init__(reason)
        self.number, self.sequence, self.offset = number, sequence, offset

def require(holds, reason, *where):
    if not holds:
        raise Fault(reason, *where)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def number(data):
    return int.from_bytes(data, "little")

# Ed25519 (RFC 8032), strict and without cofactor; a point has the extended coordinates x, y, z, x·y
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT_OF_MINUS_1 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)

def decode_point(encoded):
    """The point of which this is the one encoding, or None."""
    sign, y = number(encoded) >> 255, number(encoded) % 2**255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or v * x * x % P != u or (x == 0 and sign):
        return None
    x = x if x % 2 == sign else P - x
    return x, y, 1, x * y % P

def add_points(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P

BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

def is_signed(public, message, signature):
    """Whether [S]B - [k]A encodes to R."""
    point, s = decode_point(public), number(signature[32:])
    if point is None or s >= L:
        return False
    k = number(hashlib.sha512(signature[:32] + public + message).digest()) % L
    minus_a, sum = (P - point[0], point[1], 1, P - point[3]), (0, 1, 1, 0)
    addends = None, BASE, minus_a, add_points(BASE, minus_a)
    for bit in reversed(range(L.bit_length())):
        sum = add_points(sum, sum)
        addend = addends[(s >> bit & 1) + 2 * (k >> bit & 1)]
        sum = add_points(sum, addend) if addend else sum
    x, y = (coordinate * pow(sum[2], -1, P) % P for coordinate in sum[:2])
    return (y | x % 2 << 255).to_bytes(32, "little") == signature[:32]

# Notes and keys
def unbase64(text):
    data = base64.b64decode(text, validate=True)
    require(data and base64.b64encode(data).decode() == text, "base64 is not canonical")
    return data

def parse_key(text, type):
    name, key_id, encoded = text.split("+", 2)
    data = unbase64(encoded)
    key = Key(name, sha256(name.encode(), b"\n", data)[:4], data[0], data[1:])
    require(re.fullmatch(r"[^\s+]+", name) and not CONTROL.search(name), "no name of a key")
    require(key_id == key.id.hex() and key.type == type and len(key.public) == 32, "no verifier key of its kind")
    return key

def parse_checkpoint(data):
    found = NOTE.fullmatch(data.decode())
    require(found and not CONTROL.search(found[0]), "not a note of origin, size, root and 1 to 64 signatures")
    text, origin, size, root, lines = found.groups()
    signatures = {}
    for name, signature in (line.split(" ")[1:] for line in lines.split("\n")[:-1]):
        signature = unbase64(signature)
        require((name, signature[:4]) not in signatures, "two signature lines by the same key")
        signatures[name, signature[:4]] = signature[4:]
    require(int(size) < 2**64 and len(unbase64(root)) == 32, "no tree has such a size or root")
    return Checkpoint(text.encode(), origin, int(size), unbase64(root), signatures)

def parse_trust(trust):
    require(isinstance(trust, dict), "the trust file is none")
    trust = {"witnesses": [], **trust}
    has_quorum = "quorum" in trust
    trust.setdefault("quorum", 0)
    require(trust.keys() == {"origin", "keys", "witnesses", "quorum", "nodes"} and isinstance(trust["origin"], str)
            and all(isinstance(trust[name], list) and all(isinstance(text, str) for text in trust[name])
                    for name in ("keys", "witnesses", "nodes")), "the trust file is none")
    witnesses, quorum = [parse_key(text, 4) for text in trust["witnesses"]], trust["quorum"]
    require(len({key.public for key in witnesses}) == len(witnesses), "a witness that would count twice")
    require(not has_quorum or type(quorum) is int and 1 <= quorum <= len(witnesses), "no such quorum of the witnesses")
    quorum = quorum if has_quorum else len(witnesses)
    return {**trust, "keys": [parse_key(text, 1) for text in trust["keys"]], "witnesses": witnesses, "quorum": quorum}

# Segments
def crc_entry(crc):
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc

CRC_TABLE = [crc_entry(byte) for byte in range(256)]

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF

class Body:
    """Reads a body as rkyv does: parts lie in the order of their use, each in front of what points to it."""
    def __init__(self, kind, data):
        self.data, self.used, self.fields, places, size = data, 0, {}, {}, 0
        for name, field in RECORDS[kind]:
            places[name] = -(-size // KINDS[field][1]) * KINDS[field][1]
            size = places[name] + KINDS[field][0]
        alignment = max(KINDS[field][1] for _, field in RECORDS[kind])
        root = len(data) - -(-size // alignment) * alignment
        require(root >= 0 and root % alignment == 0, "no room for the root of the body")
        facts, texts, lists = b"", [], []
        for name, field in RECORDS[kind]:
            if field in ("text", "word"):
                self.fields[name] = text = self.text(root + places[name], root)
                if field == "text":
                    texts.append(text)
                else:
                    facts += struct.pack("<I", len(text)) + text
            elif field == "texts":
                found = self.texts(root + places[name], root)
                lists.append(b"".join(struct.pack("<I", len(text)) + text for text in found))
            else:
                self.fields[name] = data[root + places[name] :][: KINDS[field][0]]
                require(field != "bool" or self.fields[name][0] < 2, "a bool is neither 0 nor 1")
                facts += self.fields[name]
        self.committed = [facts, *texts, *lists]

    def text(self, at, end):
        text, (word, distance) = self.data[at : at + 8].partition(b"\xff")[0], struct.unpack_from("<Ii", self.data, at)
        if self.data[at] & 0xC0 == 0x80:
            size = word & 0x3F | word >> 2 & ~0x3F
            require(size > 8, "a text that fits in place is not")
            text = self.use(at + distance, size, 1, end)
        text.decode()
        return text

    def texts(self, at, end):
        distance, count = struct.unpack_from("<iI", self.data, at)
        begin, used = at + distance, self.used
        self.use(begin, 8 * count, 4, end)
        self.used = used
        texts = [self.text(begin + 8 * i, begin) for i in range(count)]
        self.used = begin + 8 * count
        return texts

    def use(self, begin, size, alignment, end):
        require(self.used <= begin and begin + size <= end and begin % alignment == 0, "a distance points astray")
        self.used = begin + size
        return self.data[begin : self.used]

def read_unsealed(data, seal):
    """Reads what was committed to a segment that the log doesn't seal; whether its end is torn."""
    salt, state, sequence, commit, _ = read_header(data, seal)
    offset, last_time, records = HEADER_BYTES, 0, 0
    while offset < commit:
        try:
            length, _, time, _, _ = read_frame(data[:commit], offset, salt, seal, sequence + records)
            require(time >= last_time, "time goes back")
        except ValueError as fault:
            raise Fault(str(fault), records, sequence + records, offset) from None
        offset, last_time, records = offset + length, time, records + 1
    return records, state == 1 and any(data[commit:])

def segment_name(seal):
    return f"{seal.node}-{seal.boot:010}-{seal.shard:05}-{seal.index:010}.seg"

def read_header(data, seal):
    """Salt, state, first sequence, commit offset and number of records: all else is known."""
    require(len(data) >= HEADER_BYTES, "no header", 0, None, len(data))
    prepared, salt = number(data[16:24]), data[48:64]
    state, first, commit, records = STATE.unpack_from(data, 2048)
    header = HEADER.pack(b"LZSEGMNT", 2, HEADER_BYTES, prepared, seal.boot, seal.index, seal.shard, len(seal.node), 0,
                         1, salt, bytes(16), seal.node.encode())
    header = (header + struct.pack("<I", crc32c(header))).ljust(2048, b"\0")
    header = (header + STATE.pack(state, first, commit, records)).ljust(HEADER_BYTES, b"\0")
    wrong = [offset for offset, byte in enumerate(header) if data[offset] != byte]
    require(not wrong and state < 4, "not the header of this segment", 0, None, (wrong + [2048])[0])
    require(HEADER_BYTES <= commit <= len(data) and commit % 8 == 0, "the commit offset points astray", 0, None, 2064)
    return salt, state, first, commit, records

def read_frame(data, offset, salt, seal, sequence):
    """Length, type, time, session and body of the record at `offset`."""
    require(len(data) - offset >= FRAME.size, "the frame is cut short")
    length, crc, kind, shard, flags, found, time, session = FRAME.unpack_from(data, offset)
    require(length % 8 == 0 and FRAME.size <= length <= min(MAX_FRAME_BYTES, len(data) - offset), "no frame is so long")
    frame = data[offset : offset + length]
    require(crc == crc32c(salt + frame[16:24] + frame[8:]), "the frame's checksum is wrong")
    require(found == sequence and shard == seal.shard, "the frame is another sequence's or shard's")
    end = length - flags
    require(flags < 8 and end >= FRAME.size and not any(frame[end:]), "the flags don't count the zeros behind the body")
    require(kind in RECORDS, "no such record type")
    return length, kind, time, session, Body(kind, frame[FRAME.size : end])

def record_entry(salt, seal, kind, sequence, time, session, committed):
    salts = b"".join(sha256(salt, struct.pack("<QI", sequence, j)) for j in range(len(committed) // 2 + 1))
    return ENTRY.pack(1, 0, kind, seal.shard, len(committed), seal.boot, sequence, time, session) + b"".join(
        sha256(salts[16 * i : 16 * i + 16], field) for i, field in enumerate(committed))

def check_place(kind, fields, session, seal, sequence, records, state, is_last):
    """What the types of records say about where they stand; `records` counts up to this one."""
    own = kind in (BOOT, HEARTBEAT, SEGMENT_END, RECOVERY)
    require(not own or session == bytes(16), "a shard's own record has a session")
    require(kind in (BOOT, RECOVERY) if sequence == 0 else kind != BOOT, "not the first record of a boot")
    names_itself = kind != BOOT or (fields["node"], number(fields["boot"])) == (seal.node.encode(), seal.boot)
    require(names_itself, "the Boot of another node or boot")
    require(is_last == (kind in (SEGMENT_END, RECOVERY)), "the segment's end is not its last record")
    require(not is_last or (kind == SEGMENT_END) == (state == 2), "the last record is not of the header's state")
    require(kind != SEGMENT_END or number(fields["records"]) == records, "the SegmentEnd counts other records")

def read_segment(data, seal):
    """The records of the segment that `seal` names, each as soon as it has been checked."""
    salt, state, first, commit, records = read_header(data, seal)
    require(state in (2, 3) and HEADER_BYTES < commit == len(data), "not finished as a shipped segment is", 0, None, 2048)
    offset, last_time = HEADER_BYTES, 0
    for count in itertools.count():
        where = count, first + count, offset
        try:
            length, kind, time, session, body = read_frame(data, offset, salt, seal, first + count)
            offset += length
            require(time >= last_time, "time goes back")
            check_place(kind, body.fields, session, seal, first + count, count + 1, state, offset == len(data))
            require(offset < len(data) or records == count + 1, "the header counts other records")
            entry = record_entry(salt, seal, kind, first + count, time, session, body.committed)
        except ValueError as fault:
            raise Fault(str(fault), *where) from None
        yield Record(where, kind, body.fields, entry)
        if offset == len(data):
            return
        last_time = time

# Tiles, bundles and entries
class Reader:
    """Takes one field after the other."""
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        require(self.at + size <= len(self.data), "cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        return number(self.take(size))

    def string(self):
        return self.take(self.number(2)).decode()

    def end(self, value):
        require(self.at == len(self.data), "bytes behind the last field")
        return value

def parse_bundle(data, width):
    bundle = Reader(data)
    return bundle.end([bundle.take(int.from_bytes(bundle.take(2), "big")) for _ in range(width)])

def parse_tile(data, width):
    tile = Reader(data)
    return tile.end([tile.take(32) for _ in range(width)])

def parse_origin(data):
    origin = Reader(data)
    return origin.end(
        Origin(origin.string(), parse_key(origin.string(), 1), origin.string(), origin.number(8), origin.take(32)))

def parse_seal(data):
    seal = Reader(data)
    seal = seal.end(Seal(seal.string(), *map(seal.number, (8, 2, 8, 8, 8, 8, 8)), seal.take(32)))
    require(NODE.fullmatch(seal.node) and seal.records > 0, "a Seal of no node or no records")
    require(seal.last == seal.first + seal.records - 1, "the Seal's sequences and records don't fit")
    return seal

def tile_name(level, number, width):
    name = f"{number % 1000:03}" + (f".p/{width}" if width < 256 else "")
    while number >= 1000:
        number //= 1000
        name = f"x{number % 1000:03}/{name}"
    return f"tile/{level}/{name}"

def subtree(hashes):
    """The root over 1, 2, 4 ... 256 hashes."""
    while len(hashes) > 1:
        hashes = [sha256(b"\1", *pair) for pair in zip(hashes[::2], hashes[1::2])]
    return hashes[0]

def tree_above(leaves, files, size):
    """The tiles of all levels from the leaves up; what is unknown below is taken from the files."""
    tree = [leaves]
    for level in LEVELS[1:]:
        count, below, above = size >> 8 * level, tree[-1], {}
        for tile in {tile >> 8 for tile in below if tile < count} | set(files[level]):
            given = files[level].get(tile, []) + [None] * 256
            hashes = [below.get(child, []) for child in range(256 * tile, min(256 * tile + 256, count))]
            above[tile] = [subtree(child) if len(child) == 256 and None not in child else given[i]
                           for i, child in enumerate(hashes)]
        tree.append(above)
    return tree

def tree_root(tree, size):
    """The root of RFC 6962 from the right edge of each level, or None if a hash of it isn't known."""
    root = None
    for level in LEVELS:
        count = size >> 8 * level
        edge = tree[level].get(count >> 8, [])[: count & 255]
        if len(edge) < count & 255 or None in edge:
            return None
        while edge:
            width = len(edge) & -len(edge)
            left, edge = subtree(edge[-width:]), edge[:-width]
            root = sha256(b"\1", left, root) if root else left
    return root

def merge(first, second):
    """Tiles of the first, and where it has none, or narrower ones, of the second."""
    return {tile: first.get(tile, []) + second.get(tile, [])[len(first.get(tile, [])) :]
            for tile in {**first, **second}}

class Verifier:
    """One folder and what is found in it; places in the log are numbers of entries."""
    def __init__(self, folder):
        self.folder, self.findings, self.silences, self.torn_tails, self.unwitnessed = folder, [], [], [], []
        self.files, self.segments, self.tiles = set(), {}, defaultdict(lambda: defaultdict(dict))  # level, N, W
        self.origin, self.own, self.pending, self.whole = None, 0, [], True  # whole: pending follows an own entry
        self.leaves, self.recorded, self.sealed, self.last, self.heard, self.records = {}, [], {}, {}, {}, 0

    def find(self, verdict, reason, entry=None, file=None, sequence=None, offset=None):
        self.findings.append(Finding(verdict, entry, file, sequence, offset, reason))

    @contextmanager
    def judged(self, file, entry=None):
        try:
            yield
        except OSError as error:
            self.find("unusable", f"can't be read: {error.strerror}", entry, file)
        except ValueError as error:
            fault = error if isinstance(error, Fault) else Fault(str(error))
            entry = None if entry is None else entry + fault.number
            self.find("tampered", str(fault), entry, file, fault.sequence, fault.offset)

    def read(self, file, limit):
        with open(os.path.join(self.folder, file), "rb") as opened:
            require(os.fstat(opened.fileno()).st_size <= limit, "longer than it can be")
            return opened.read()

    def scan(self):
        folders = [""]
        while folders:
            folder = folders.pop()
            with self.judged(folder), os.scandir(os.path.join(self.folder, folder)) as entries:
                for entry in entries:
                    path = folder + entry.name
                    if entry.is_dir(follow_symlinks=False) and f"{path}/".startswith("tile/"):
                        folders.append(f"{path}/")
                    elif not (entry.is_file(follow_symlinks=False) and self.belongs(path)):
                        self.find("tampered", "none of the folder's files", None, path)

    def belongs(self, path):
        """Whether a file is one of the kinds, under its one name."""
        tile, segment = TILE.fullmatch(path), SEGMENT.fullmatch(path)
        self.files.add(path)
        if tile:
            place = tile[1], int(re.sub("[x/]", "", tile[2])), int(tile[3] or 256)
            self.tiles[place[0]][place[1]][place[2]] = path
            return path == tile_name(*place)
        if segment:
            seal = Seal(segment[1], *map(int, segment.groups()[1:]))
            if path == segment_name(seal) and max(seal.boot, seal.index) < 2**64 and seal.shard < 2**16:
                self.segments[path] = seal
            return path in self.segments
        if PARTIAL.fullmatch(path):
            self.find("incomplete", f"{path}: not completed")
        return path == "checkpoint" or PARTIAL.fullmatch(path)

    def load(self, level, count, parse):
        """What the widest file of each tile holds; narrower ones hold a prefix. Finds which are missing or newer."""
        there, each = set(), 1 if level == "entries" else 256 ** int(level)
        for tile, files in sorted(self.tiles[level].items()):
            needed, widest = max(0, min(256, count - 256 * tile)), []
            for width, file in sorted(files.items(), reverse=True):
                with self.judged(file, 256 * tile * each):
                    held = parse(self.read(file, BUNDLE_BYTES), width)
                    require(not widest or held == widest[:width], "not a prefix of the wider one")
                    widest = widest or held
                if width > needed:
                    self.find("incomplete", f"{file}: newer than the checkpoint")
            if 0 < needed <= max(files):
                there.add(tile)
            yield tile, widest
        missing = -(-count // 256) - len(there)
        if missing:
            first = next(tile for tile in itertools.count() if tile not in there)
            name = tile_name(level, first, min(256, count - 256 * first))
            self.find("incomplete", f"{name}: missing ({missing} such)", 256 * first if level == "entries" else None)

    def walk(self, size):
        """Follows the log from entry to entry, as far as bundles are there."""
        following = 0
        for tile, bundle in self.load("entries", size, parse_bundle):
            bundle = bundle[: max(0, size - 256 * tile)]
            self.leaves[tile] = [sha256(b"\0", entry) for entry in bundle]
            for index, entry in enumerate(bundle, 256 * tile):
                if index > following:
                    self.pending, self.whole = [], False
                following = index + 1
                with self.judged(self.tiles["entries"][tile][max(self.tiles["entries"][tile])], index):
                    self.follow(index, entry)
                    continue
                self.pending, self.whole = [], False
        return following

    def follow(self, index, entry):
        require(ENTRY.size <= len(entry) <= ENTRY_BYTES, "no entry is as short or long")
        version, own, kind, _, commitments, _, sequence, time, _ = ENTRY.unpack_from(entry)
        require(version == 1 and own < 2, "no entry of version 1")
        if not own:
            require(index > 0 and kind in RECORDS, "no place or type of a record")
            fields = 1 + sum(field in ("text", "texts") for _, field in RECORDS[kind])
            require(commitments == fields and len(entry) == ENTRY.size + 32 * fields, "not a record's commitments")
            self.pending.append(entry)
            self.recorded.append(index)
            return
        require(entry.startswith(ENTRY.pack(1, 1, 2 if index else 1, 0xFFFF, 0, 0, sequence, time, bytes(16))),
                "neither the Origin as entry 0, nor a Seal behind it")
        require(sequence == self.own if self.whole else sequence >= self.own, "an own entry out of sequence")
        self.own = sequence + 1
        if index:
            self.judge_seal(index, parse_seal(entry[ENTRY.size :]))
        else:
            self.origin = parse_origin(entry[ENTRY.size :])
        self.pending, self.whole = [], True

    def judge_seal(self, index, seal):
        unknown = seal.records - len(self.pending)  # entries of bundles that are missing
        require(unknown == 0 if self.whole else 0 <= unknown and seal.records <= index, "the Seal counts other records")
        file, first, entries = segment_name(seal), index - seal.records, dict(enumerate(self.pending, unknown))
        self.sealed[file] = seal
        times, lossy = [], True
        with self.judged(file, first):
            times = self.judge_entries(seal, entries)
        with self.judged(file, first):
            lossy = self.judge_segment(file, seal, entries, first)
        with self.judged(file, first):
            self.judge_order(seal, times, lossy, first)

    def judge_entries(self, seal, entries):
        """Whether the entries are those of the Seal; their times."""
        times, shard = [0], (seal.node, seal.shard)
        for count, entry in entries.items():
            place = count, seal.first + count
            _, _, kind, shard_number, _, boot, sequence, time, _ = ENTRY.unpack_from(entry)
            require((shard_number, boot, sequence) == (seal.shard, seal.boot, place[1]), "not of its Seal", *place)
            require(time >= times[-1], "time goes back", *place)
            times.append(time)
            silence_us = time - self.heard.get(shard, time)
            if kind != RECOVERY:
                self.heard[shard] = time
                if silence_us > SILENCE_US:
                    self.silences.append(f"{segment_name(seal)}: silence of {silence_us} us before sequence {sequence}")
        return times[1:]

    def judge_segment(self, file, seal, entries, first):
        """Whether the segment is the one that was sealed; answers whether it lost records."""
        if file not in self.segments:
            self.find("incomplete", f"{file}: missing", first)
            return True
        data = self.read(file, SEGMENT_BYTES)
        for record in read_segment(data, seal):
            count, last, _ = record.where
            require(entries.get(count, record.entry) == record.entry, "not the record of its entry", *record.where)
        require((len(data), count + 1, last, sha256(data)) == (seal.bytes, seal.records, seal.last, seal.digest),
                "length, records or SHA-256 are not those of the Seal")
        self.records += seal.records
        if record.kind != RECOVERY:
            return False
        self.torn_tails.append(file)
        lost = number(record.body["lost_records"])
        if lost:
            self.find("incomplete", f"{file}: {lost} records lost", first + count)
        return lost > 0

    def judge_order(self, seal, times, lossy, first):
        """Whether the segment goes on where its shard's last one ended."""
        shard = seal.node, seal.shard
        last, last_time, last_lossy = self.last.get(shard, (seal._replace(boot=-1), 0, True))
        require((last.boot, last.index) < (seal.boot, seal.index), "sealed twice or out of order")
        self.last[shard] = seal, (times or [0])[-1], lossy
        expected = last.index + 1 if last.boot == seal.boot else 0
        if seal.index > expected and (last.boot >= 0 or self.origin and not self.origin.previous):
            missing = segment_name(seal._replace(index=expected))
            self.find("incomplete", f"{missing}: missing ({seal.index - expected} such)", first)
        require(seal.index > 0 or seal.first == 0, "the boot does not begin with sequence 0")
        if last.boot == seal.boot:
            require(not times or times[0] >= last_time, "time goes back from one segment to the next")
            require(seal.first > last.last, "the sequence goes back from one segment to the next")
            require(seal.index > expected or last_lossy or seal.first == last.last + 1, "sequences are left out")

    def judge_tree(self, size, root):
        """Finds the tree that has the root, from the bundles or else the tiles, and compares both with it."""
        files = [dict(self.load(str(level), size >> 8 * level, parse_tile)) for level in LEVELS]
        trees = [tree_above(merge(*tiles), files, size) for tiles in ((self.leaves, files[0]), (files[0], self.leaves))]
        roots = [tree_root(tree, size) for tree in trees]
        tree = trees[1] if roots[0] != root == roots[1] else trees[0]
        if root and root not in roots:
            self.find("incomplete" if None in roots else "tampered", "checkpoint: not the tree's root", 0, "checkpoint")
        held = [("entries", 0, self.leaves)] + [(str(level), level, files[level]) for level in LEVELS]
        for name, level, tiles in held:
            for tile, hashes in tiles.items():
                known = tree[level].get(tile, [])[: max(0, (size >> 8 * level) - 256 * tile)]
                wrong = [i for i, (hash, right) in enumerate(zip(hashes, known)) if hash != right]
                if wrong:
                    file = self.tiles[name][tile][max(self.tiles[name][tile])]
                    entry = (256 * tile + wrong[0]) << 8 * level
                    self.find("tampered", f"hash {wrong[0]} is not the tree's", entry, file)

    def judge_signatures(self, checkpoint, trust):
        trust = trust or {"origin": self.origin.origin, "keys": [self.origin.key], "witnesses": None, "quorum": 0}
        require(trust["origin"] == checkpoint.origin, "the origin is not the one that is trusted or begins the log")
        require(not self.origin or (self.origin.origin == checkpoint.origin and self.origin.key in trust["keys"]),
                "the log begins with another origin or key")
        known = {(key.name, key.id): key for key in trust["keys"] + (trust["witnesses"] or [])}
        for place, (signer, signature) in enumerate(checkpoint.signatures.items()):
            key, text, time = known.get(signer), checkpoint.text, b""
            if place:
                time, signature = signature[:8], signature[8:]
                text = b"cosignature/v1\ntime %d\n" % int.from_bytes(time, "big") + text
            require(len(signature) == 64, "no such length of a signature")
            if not place or trust["witnesses"] is not None:
                require(key and key.type == (4 if place else 1), "a signature line of somebody else")
                require(is_signed(key.public, text, signature), f"the signature of {key.name} is wrong")
        wanted = trust["witnesses"] or []
        absent = [key.name for key in wanted if (key.name, key.id) not in checkpoint.signatures]
        self.unwitnessed = absent if len(wanted) - len(absent) < trust["quorum"] else []

    def judge_rest(self, trust):
        """Segments that no Seal names, and nodes."""
        for file in sorted(self.segments.keys() - self.sealed.keys()):
            self.find("incomplete", f"{file}: newer than the checkpoint")
            with self.judged(file):
                records, torn = read_unsealed(self.read(file, SEGMENT_BYTES), self.segments[file])
                self.records += records
                if torn:
                    self.torn_tails.append(file)
        covered = {seal.node for seal in self.sealed.values()}
        if trust:
            for node in sorted(covered.union(seal.node for seal in self.segments.values()) - set(trust["nodes"])):
                self.find("tampered", f"node {node} is not trusted")
            for node in sorted(set(trust["nodes"]) - covered):
                self.find("incomplete", f"node {node}: missing")

    def run(self, trust):
        self.scan()
        if not ("checkpoint" in self.files or self.segments or self.tiles):
            self.findings = [Finding("unusable", None, self.folder, None, None, "no evidence is there")]
            return
        checkpoint, bundles = None, self.tiles["entries"]
        size = max((256 * tile + max(widths) for tile, widths in bundles.items()), default=0)
        if "checkpoint" not in self.files:
            self.find("incomplete", "checkpoint: missing", 0)
        with self.judged("checkpoint", 0):
            checkpoint = parse_checkpoint(self.read("checkpoint", NOTE_BYTES)) if "checkpoint" in self.files else None
        size = checkpoint.size if checkpoint else size
        end = self.walk(size)
        if self.pending and checkpoint and end == size:
            self.find("tampered", "no Seal behind the last records", size - len(self.pending), "checkpoint")
        self.judge_tree(size, checkpoint and checkpoint.root)
        with self.judged("checkpoint", 0):
            if checkpoint and (trust or self.origin):
                self.judge_signatures(checkpoint, trust)
        self.judge_rest(trust)

    def report(self, trust):
        place = lambda finding: float("inf") if finding.entry is None else finding.entry
        findings = sorted(self.findings, key=place)
        found = {finding.verdict for finding in findings} | ({"incomplete"} if self.unwitnessed else set())
        verdict = next((word for word in EXITS if word in found), "verified" if trust else "consistent")
        bad = next((finding for finding in findings if finding.verdict == verdict != "incomplete"), None)
        bad = bad and {"segment": bad.file, "sequence": bad.sequence, "offset": bad.offset, "reason": bad.reason}
        end = place(findings[0]) if findings else float("inf")
        return {"verdict": verdict, "records": self.records, "first_bad": bad,
                "trusted_prefix": sum(entry < end for entry in self.recorded),
                "gaps": [finding.reason for finding in findings if finding.verdict == "incomplete"] + self.silences,
                "torn_tails": self.torn_tails, "redacted": 0, "unwitnessed": self.unwitnessed}

def verify(folder, trust=None):
    """The report on a folder, as `lazaret verify --json` has it; `trust` is the object in the trust file."""
    verifier, trusted = Verifier(folder), None
    try:
        trusted = None if trust is None else parse_trust(trust)
        verifier.run(trusted)
    except ValueError as error:
        verifier.find("unusable", str(error), None, "the trust file")
    return verifier.report(trusted)

def read_trust(path):
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(TRUST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}  # which is no trust file

def main(argv):
    parser = argparse.ArgumentParser(description="Verifies a folder of Lazaret's evidence.", allow_abbrev=False)
    parser.error = lambda message: parser.exit(64, f"{parser.format_usage()}{message}\n")
    parser.add_argument("folder")
    parser.add_argument("--trust", metavar="FILE", help="origin, keys, witnesses and nodes that are trusted")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(argv)
    report = verify(options.folder, read_trust(options.trust) if options.trust else None)
    if options.json:
        print(json.dumps(report))
    else:
        for name in list(report)[1:]:
            print(f"{name}: {json.dumps(report[name])}")
        print(report["verdict"].upper())
    return EXITS[report["verdict"]]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
