"""Tunes the large model on what is labelled, and has it answer every question about every text.

    teach.py WORK     reads texts.jsonl; writes answers.npy (log odds) and means.npy (the vectors it ends with)

The upper half of multilingual-e5-small is trained, the lower half is left as it is. It is better than what it teaches, and far too slow to run beside a bus.
"""

import json
import os
import random
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from large import Cutter, Large, batches, padded

QUESTIONS, LOWER, PASSES, RATE = 26, 6, 3, 1e-4


class Teacher(nn.Module):
    def __init__(self, large):
        super().__init__()
        self.layers = nn.ModuleList(list(large.layers)[LOWER:])
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(2 * large.width, QUESTIONS)
        nn.init.normal_(self.out.weight, 0, 0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, lengths):
        """Log odds, and the mean vector of each text."""
        mask = Large.mask(lengths, x.shape[1])
        for layer in self.layers:
            x = layer(x, mask)
        inside = (torch.arange(x.shape[1])[None] < lengths[:, None]).to(x.dtype)[..., None]
        mean = (x * inside).sum(1) / inside.sum(1)
        most = x.masked_fill(inside == 0, -9).amax(1)
        return self.out(self.drop(torch.cat([mean, most], 1))).float(), mean.float()


@torch.no_grad()
def lower(large, ids):
    """What the lower half makes of each text."""
    out = [None] * len(ids)
    for b in batches([len(i) for i in ids], 8192, 256):
        x, lengths = padded(ids, b)
        with torch.autocast("cpu", torch.bfloat16):
            h, mask = large.begin(x), Large.mask(lengths, x.shape[1])
            for layer in list(large.layers)[:LOWER]:
                h = layer(h, mask)
        for k, i in enumerate(b):
            out[i] = h[k, : len(ids[i])].to(torch.bfloat16).clone()
    return out


def stack(states, ids):
    lengths = torch.tensor([len(states[i]) for i in ids])
    x = torch.zeros(len(ids), int(lengths.max()), states[ids[0]].shape[1])
    for k, i in enumerate(ids):
        x[k, : lengths[k]] = states[i]
    return x, lengths


def tune(teacher, states, texts):
    value, weight = torch.zeros(2, len(texts), QUESTIONS)
    for i, t in enumerate(texts):
        for output, v, w in t["goals"]:
            value[i, int(output)], weight[i, int(output)] = v, w
    best = torch.optim.AdamW([{"params": teacher.layers.parameters(), "share": 1}, {"params": teacher.out.parameters(), "share": 10}], weight_decay=0.01, fused=True)
    lengths = np.array([len(s) for s in states])
    steps, step, begin = PASSES * len(batches(lengths, 1024, 32)), 0, time.time()
    for number in range(PASSES):
        teacher.train()
        total, parts = 0.0, batches(lengths + [random.random() * 4 for _ in lengths], 1024, 32)
        random.shuffle(parts)
        for b in parts:
            with torch.autocast("cpu", torch.bfloat16):
                said, _ = teacher(*stack(states, b))
            loss = (functional.binary_cross_entropy_with_logits(said, value[b], reduction="none") * weight[b]).sum() / 32
            for group in best.param_groups:
                group["lr"] = group["share"] * RATE * min(1, (step + 1) / (0.06 * steps)) * max(0, 1 - step / steps)
            best.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(teacher.parameters(), 5.0)
            best.step()
            step += 1
            total += loss.item() * 32
        print(f"teacher: pass {number + 1} of {PASSES}, loss {total / len(texts):.4f}, {time.time() - begin:.0f} s", file=sys.stderr, flush=True)


@torch.no_grad()
def answer(teacher, states):
    teacher.eval()
    said, means = np.zeros((len(states), QUESTIONS), np.float32), np.zeros((len(states), 384), np.float16)
    for b in batches([len(s) for s in states], 8192, 256):
        with torch.autocast("cpu", torch.bfloat16):
            y, m = teacher(*stack(states, b))
        said[b], means[b] = y.numpy(), m.numpy()
    return said, means


def main(work):
    torch.set_num_threads(2)
    random.seed(1)
    torch.manual_seed(1)
    with open(os.path.join(work, "texts.jsonl"), encoding="utf8") as f:
        texts = [json.loads(line) for line in f]
    cut, large = Cutter(work), Large()
    labelled = [t for t in texts if t["kind"] in ("seed", "harm", "public")]
    teacher = Teacher(large)
    tune(teacher, lower(large, [cut(t["text"]) for t in labelled]), labelled)
    said, means = [], []
    for at in range(0, len(texts), 20000):
        y, m = answer(teacher, lower(large, [cut(t["text"]) for t in texts[at : at + 20000]]))
        said.append(y)
        means.append(m)
        print(f"\rteacher answers {at + len(y)} of {len(texts)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    np.save(os.path.join(work, "answers.npy"), np.concatenate(said))
    np.save(os.path.join(work, "means.npy"), np.concatenate(means))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
