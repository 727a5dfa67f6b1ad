"""Training speed of report A's SE-CNN at 513 x 130: plain PyTorch in float32 against genrekit's way, step by step.

    python benchmarks/train_speed.py [--batch-size 64] [--rounds 5] [--threads N] [--device cpu]

Every variant runs in a process of its own, since keeping freed memory holds for a whole process, and takes its
training steps in turn with the others, so that whatever else the machine does falls on all alike. A step is forward,
loss, backward and Adam. The table gives the median step of each variant, as excerpts per second and as a multiple of
the first row.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection

import torch
import torch.nn.functional as F
from torch import nn

from genrekit.models import ModelSpec, create_model
from genrekit.models.layers.squeeze_excitation import SqueezeExcitation
from genrekit.models.se_cnn import WIDTHS
from genrekit.training.host_memory import keep_freed_memory

N_BINS, N_COLUMNS, N_CLASSES = 513, 130, 10

# label -> (network, bfloat16 autocast, channels_last, freed memory kept)
VARIANTS = {
    "plain modules, float32": ("plain", False, False, False),
    "plain modules, bfloat16": ("plain", True, False, False),
    "plain modules, bfloat16, channels_last": ("plain", True, True, False),
    "plain modules, bfloat16, channels_last, memory kept": ("plain", True, True, True),
    "se_cnn, float32": ("se_cnn", False, True, False),
    "se_cnn, bfloat16": ("se_cnn", True, True, False),
    "se_cnn, bfloat16, memory kept": ("se_cnn", True, True, True),
}


def plain_network() -> nn.Module:
    """The same network from PyTorch's modules, as one would write it first."""
    layers: list[nn.Module] = []
    for before, width in zip((1, *WIDTHS), WIDTHS, strict=False):
        layers += [
            nn.Conv2d(before, width, 3, padding=1),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
            SqueezeExcitation(width, reduction=32),
            nn.ReLU(),
        ]
    n_flat = WIDTHS[-1] * (N_BINS // 32) * (N_COLUMNS // 32)
    return nn.Sequential(nn.Unflatten(1, (1, N_BINS)), *layers, nn.Flatten(), nn.Linear(n_flat, N_CLASSES, bias=False))


def serve_steps(pipe: Connection, label: str, batch_size: int, threads: int, device: str) -> None:
    """In a process of its own: for each message take one training step and answer with its seconds."""
    kind, autocast, channels_last, keep = VARIANTS[label]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if keep:
        keep_freed_memory()
    network = plain_network() if kind == "plain" else create_model(ModelSpec("se_cnn", N_CLASSES, N_BINS, N_COLUMNS))
    network.to(device)
    if channels_last:
        network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-4)
    features = torch.rand(batch_size, N_BINS, N_COLUMNS, device=device)
    labels = torch.randint(0, N_CLASSES, (batch_size,), device=device)
    while pipe.recv():
        start = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=autocast):
            logits = network(features)
        loss = F.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        pipe.send(time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5, help="timed steps a variant, after one to warm up")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="the first and the last variant only")
    arguments = parser.parse_args()

    labels = list(VARIANTS)
    if arguments.quick:
        labels = [labels[0], labels[-1]]
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    seconds: dict[str, list[float]] = {label: [] for label in labels}
    for label in labels:
        ours, theirs = context.Pipe()
        work = (theirs, label, arguments.batch_size, arguments.threads, arguments.device)
        context.Process(target=serve_steps, args=work, daemon=True).start()
        pipes[label] = ours
    for round_index in range(arguments.rounds + 1):
        for label, pipe in pipes.items():
            pipe.send(True)
            step_s = pipe.recv()
            if round_index > 0:
                seconds[label].append(step_s)
    for pipe in pipes.values():
        pipe.send(False)

    print(f"batch {arguments.batch_size}, {arguments.threads} threads, {arguments.device}, torch {torch.__version__}")
    print(f"{'variant':55} {'s/step':>8} {'excerpts/s':>11} {'ratio':>6}")
    first = statistics.median(seconds[labels[0]])
    for label in labels:
        step_s = statistics.median(seconds[label])
        print(f"{label:55} {step_s:8.3f} {arguments.batch_size / step_s:11.1f} {first / step_s:6.2f}")


if __name__ == "__main__":
    main()
