"""Trains the small network on what is labelled and on what the large model answers: student-0, -1 and -2 without the texts of one fold each, student-all with all.

    student.py WORK     reads texts.jsonl, answers.npy, means.npy, pieces.npy; writes student.json, student-*.f32 and student-*.said.json

The network is that of shared/adapter/localmodel/encoder: vectors of word pieces, layers over three neighbours, each twice as far apart as the one before, the
largest and the mean of every filter, one hidden layer, one output a question. It first learns to answer as the large model does on public sentences, and to
imitate its vectors; then, for each fold, from labels and from the large model's answers on labelled texts and their variants.
"""

import copy
import json
import math
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

QUESTIONS, IMITATED, MOST = 26, 128, 96
EVEN = 0.03  # how much the log odds themselves count, so that what is surely not said is ranked too
SHAPE = {"Dim": 96, "Filters": [96, 160, 128], "Hidden": 384}
KINDS = {"row": 1.0, "variant": 1.0, "seed": 1.0, "harm": 1.0, "public": 0.5, "word": 0.0}  # how much the large model's answers count


class Student(nn.Module):
    def __init__(self, vectors):
        super().__init__()
        self.vectors = nn.Embedding.from_pretrained(vectors, freeze=False)
        self.layers, width, pooled = nn.ModuleList(), SHAPE["Dim"], SHAPE["Dim"]
        for i, filters in enumerate(SHAPE["Filters"]):
            self.layers.append(nn.Conv1d(width, filters, 3, padding=2**i, dilation=2**i))
            nn.init.kaiming_normal_(self.layers[-1].weight)
            nn.init.zeros_(self.layers[-1].bias)
            width, pooled = filters, pooled + 2 * filters
        self.hidden = nn.Linear(pooled, SHAPE["Hidden"])
        nn.init.kaiming_normal_(self.hidden.weight)
        nn.init.zeros_(self.hidden.bias)
        self.out = nn.Linear(SHAPE["Hidden"], QUESTIONS + IMITATED)
        nn.init.normal_(self.out.weight, 0, (0.5 / SHAPE["Hidden"]) ** 0.5)
        nn.init.zeros_(self.out.bias)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids, lengths):
        mask = (torch.arange(ids.shape[1])[None] < lengths[:, None]).float()[:, None, :]
        share = 1 / lengths.float()[:, None]
        x = y = self.vectors(ids).transpose(1, 2) * mask
        pooled = []
        for layer in self.layers:
            y = functional.relu(layer(y)) * mask
            pooled += [y.amax(2), y.sum(2) * share]
        pooled.append(x.sum(2) * share)
        out = self.out(functional.relu(self.hidden(self.drop(torch.cat(pooled, 1)))))
        return out[:, :QUESTIONS], out[:, QUESTIONS:]

    def arrays(self):
        """The weights as encoder.Sizes has them, behind the vectors."""
        out = [self.vectors.weight]
        for layer in self.layers:
            out += [layer.weight.permute(2, 1, 0), layer.bias]
        out += [self.hidden.weight.T, self.hidden.bias, self.out.weight[:QUESTIONS], self.out.bias[:QUESTIONS]]
        return np.concatenate([a.detach().numpy().reshape(-1) for a in out]).astype("<f4")


class Data:
    """Texts as pieces, what is known of them, what the large model says of them."""

    def __init__(self, work):
        with open(os.path.join(work, "texts.jsonl"), encoding="utf8") as f:
            self.texts = [json.loads(line) for line in f]
        self.length = np.array([min(len(t["pieces"]), MOST) for t in self.texts])
        self.at = np.concatenate([[0], np.cumsum(self.length)])
        self.pieces = np.concatenate([np.array(t["pieces"][:MOST], np.int32) for t in self.texts])
        value, weight = np.zeros((2, len(self.texts), QUESTIONS), np.float32)
        for i, t in enumerate(self.texts):
            for output, v, w in t["goals"] or []:
                value[i, int(output)], weight[i, int(output)] = v, w
        self.value, self.weight = torch.from_numpy(value), torch.from_numpy(weight)
        said = np.load(os.path.join(work, "answers.npy"))
        self.odds = torch.from_numpy(said).clamp(-5, 5)
        self.taught = torch.sigmoid(torch.from_numpy(said))
        self.trust = torch.from_numpy(trust(self.taught.numpy(), self.texts))
        self.imitate = torch.from_numpy(principal(np.load(os.path.join(work, "means.npy")).astype(np.float32), self.texts))

    def of(self, *kinds, fold=None):
        return np.array([i for i, t in enumerate(self.texts) if t["kind"] in kinds and (fold is None or t["fold"] != fold)])

    def batch(self, ids, chance=None, drop=0.0):
        """Pieces of texts, padded, and their lengths; each piece is left out with probability drop."""
        out, lengths = np.zeros((len(ids), self.length[ids].max()), np.int64), np.zeros(len(ids), np.int64)
        for k, i in enumerate(ids):
            row = self.pieces[self.at[i]:self.at[i + 1]]
            if drop:
                keep = chance.random(len(row)) >= drop
                row = row[keep] if keep.any() else row
            out[k, :len(row)], lengths[k] = row, len(row)
        return torch.from_numpy(out[:, :lengths.max()]), torch.from_numpy(lengths)


def trust(taught, texts):
    """How much each of the large model's answers counts: a level as far as the dimension is spoken of."""
    out = np.ones_like(taught)
    for d in range(4):
        spoken = 0.15 + taught[:, 4 * d]
        out[:, 4 * d + 1], out[:, 4 * d + 2], out[:, 4 * d + 3] = 2 * spoken, spoken / 2, spoken / 2
    out[:, 16] = out[:, 25] = 0.3
    return out * np.array([KINDS[t["kind"]] for t in texts], np.float32)[:, None]


def principal(means, texts):
    """The directions in which the large model's vectors vary most, centred by language."""
    language = np.array([t["lang"] or "en" for t in texts])
    for one in sorted(set(language)):
        means[language == one] -= means[language == one].mean(0)
    rows = means[[t["kind"] != "word" for t in texts]]
    out = means @ axes(rows, IMITATED)
    return (out / out.std()).astype(np.float32)


def axes(rows, most):
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    values, vectors = values[::-1][:most], vectors[:, ::-1][:, :most]
    return vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(most)]) / np.sqrt(np.sqrt(values))


def start(work):
    """The vectors that the large model gives the pieces, in fewer dimensions."""
    v = np.load(os.path.join(work, "pieces.npy")).astype(np.float32)
    v -= v.mean(0)
    v = v @ axes(v, SHAPE["Dim"])
    return torch.from_numpy((v / v.std() * 0.35).astype(np.float32))


def learn(net, data, order, rate, tell, size=256):
    """One run: order is the texts of each pass."""
    vectors, others = [net.vectors.weight], [p for name, p in net.named_parameters() if name != "vectors.weight"]
    best = torch.optim.AdamW([{"params": others, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}], lr=rate, fused=True)
    chance, steps, step, begin = np.random.default_rng(1), sum(len(o) for o in order) // size + 1, 0, time.time()
    for number, ids in enumerate(order):
        net.train()
        loss_of_all = 0.0
        for b in batches(ids, data.length, size, chance):
            for group in best.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * min(1, step / steps)))
            loss = cost(net, data, b, chance)
            best.zero_grad()
            loss.backward()
            best.step()
            step += 1
            loss_of_all += loss.item() * len(b)
        print(f"{tell}: pass {number + 1} of {len(order)}, loss {loss_of_all / len(ids):.4f}, {time.time() - begin:.0f} s", file=sys.stderr, flush=True)


def batches(ids, length, size, chance):
    """Texts of like length together, in an order by chance."""
    ids = chance.permutation(ids)
    out = []
    for at in range(0, len(ids), 50 * size):
        part = ids[at:at + 50 * size]
        part = part[np.argsort(length[part], kind="stable")]
        out += [part[j:j + size] for j in range(0, len(part), size)]
    chance.shuffle(out)
    return out


def cost(net, data, b, chance):
    with torch.autocast("cpu", torch.bfloat16):
        said, imitated = net(*data.batch(b, chance, 0.05))
    said, imitated, b = said.float(), imitated.float(), torch.from_numpy(b)
    wrong = functional.binary_cross_entropy_with_logits
    known = (wrong(said, data.value[b], reduction="none") * data.weight[b]).sum()
    taught = ((wrong(said, data.taught[b], reduction="none") + EVEN * (said - data.odds[b]) ** 2) * data.trust[b]).sum()
    return (known + taught + 0.3 * ((imitated - data.imitate[b]) ** 2).mean(1).sum()) / len(b)


@torch.no_grad()
def answers(net, data, ids):
    net.eval()
    out = np.zeros((len(ids), QUESTIONS), np.float32)
    order = np.argsort(data.length[ids], kind="stable")
    for at in range(0, len(order), 512):
        part = order[at:at + 512]
        out[part] = net(*data.batch(np.asarray(ids)[part]))[0].numpy()
    return out


def write(net, data, work, name):
    net.arrays().tofile(os.path.join(work, f"student-{name}.f32"))
    some = data.of("seed")[::400]
    said = [{"Text": data.texts[i]["text"], "Answers": [float(x) for x in a]} for i, a in zip(some, answers(net, data, some))]
    with open(os.path.join(work, f"student-{name}.said.json"), "w", encoding="utf8") as f:
        json.dump(said, f, ensure_ascii=False)


def main(work):
    torch.set_num_threads(2)
    torch.manual_seed(1)
    data = Data(work)
    with open(os.path.join(work, "student.json"), "w", encoding="utf8") as f:
        json.dump(SHAPE, f)
    base = Student(start(work))
    public = data.of("row", "word")
    learn(base, data, [public] * 8, 0.002, "public sentences")
    chance = np.random.default_rng(2)
    for name, fold, passes in [("all", None, 10), ("0", 0, 5), ("1", 1, 5), ("2", 2, 5)]:  # rules ask for less than what is shipped
        net = copy.deepcopy(base)
        own, rows = data.of("seed", "harm", "public", "variant", fold=fold), data.of("row")
        order = [np.concatenate([own, chance.choice(rows, len(own) // 4, replace=False)]) for _ in range(passes)]
        learn(net, data, order, 0.002, f"student {name}")
        write(net, data, work, name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
