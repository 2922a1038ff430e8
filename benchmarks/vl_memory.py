"""Memory of one training step: scores only where a token is learnt, beside the plain way that scores all.

Both ways train the same network on the same batch. It has the head of PaddleOCR-VL, 103,424 rows of 1,024
columns, and few layers below it, because the head is what the two ways differ in. Each runs in a process
of its own, so that the peak of one is not the other's; the peak is counted by torch's profiler, as every
allocation comes and goes, and by the system (resident memory). On a GPU, what its allocator reports.
Weights and their gradients, which both ways need, are there before and are not counted. Measured twice: all
weights trained, where one more gradient of the head comes and goes in both ways, and with the head frozen,
as with LoRA.

    python benchmarks/vl_memory.py
    python benchmarks/vl_memory.py --rows 16 --tokens 1024 --answer 64 --device cuda

Needs the lane vl; runs in any Python that has it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

WAYS = ("plain", "supervised")
VOCABULARY, WIDTH = 103_424, 1024


def make_model(layers: int) -> Any:
    """Return the network: real head and width, few layers, an image tower of no size."""
    import torch
    from transformers import PaddleOCRVLConfig, PaddleOCRVLForConditionalGeneration

    torch.manual_seed(0)
    rope = {"rope_type": "default", "rope_theta": 500000.0, "mrope_section": [16, 24, 24]}
    text = {"num_hidden_layers": layers, "rope_parameters": rope}
    sight = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    config = PaddleOCRVLConfig(text_config=text, vision_config=sight)
    return PaddleOCRVLForConditionalGeneration(config)


def make_batch(rows: int, tokens: int, answer: int) -> dict[str, Any]:
    """Return a batch whose last ``answer`` tokens of each row are learnt."""
    import torch

    random = torch.Generator().manual_seed(0)
    ids = torch.randint(10, 100_000, (rows, tokens), generator=random)
    labels = ids.clone()
    labels[:, : tokens - answer] = -100
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


def step(model: Any, batch: dict[str, Any]) -> float:
    """Go forward and back once; return the loss."""
    loss = model(**batch).loss
    loss.backward()
    return float(loss.detach())


def measure(way: str, args: argparse.Namespace) -> dict[str, Any]:
    """Measure one way in this process."""
    import torch

    from ppocr_kit.vl.engine.supervised import supervise_only

    torch.set_num_threads(args.threads)
    model = make_model(args.layers).to(args.device).train()
    if way == "supervised":
        supervise_only(model)
    if args.frozen:
        model.requires_grad_(False)
        model.model.language_model.layers.requires_grad_(True)
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight) if weight.requires_grad else None
    batch = {
        name: one.to(args.device) for name, one in make_batch(args.rows, args.tokens, args.answer).items()
    }
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if args.device != "cpu":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        loss = step(model, batch)
        peak = torch.cuda.max_memory_allocated() - before
    else:
        loss, peak = counted_step(model, batch)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
    return {"way": way, "loss": loss, "peak": peak, "resident": resident * 1024}


def counted_step(model: Any, batch: dict[str, Any]) -> tuple[float, int]:
    """Return the loss and the most bytes that were allocated at once on the CPU, above those before."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        loss = step(model, batch)
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda one: one.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return loss, peak


def in_process(way: str, arguments: list[str]) -> dict[str, Any]:
    """Measure one way in a process of its own."""
    command = [sys.executable, __file__, *arguments, "--way", way]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure both ways and print them side by side."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=256, help="of a row: picture, question and answer")
    parser.add_argument("--answer", type=int, default=24, help="of them learnt")
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--frozen", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measure(args.way, args)))
        return
    print(f"{args.rows} rows of {args.tokens} tokens, {args.answer} learnt each; {args.device}")
    for title, more in (("all weights trained", []), ("head frozen (LoRA)", ["--frozen"])):
        show(title, *(in_process(way, [*sys.argv[1:], *more]) for way in WAYS))


def show(title: str, plain: dict[str, Any], ours: dict[str, Any]) -> None:
    """Print two measurements side by side; end with 1 when they have not computed the same."""
    print(f"{title:<28}{'plain':>12}{'supervised':>12}{'less by':>10}")
    for name, words in (("peak", "  peak of one step, MiB"), ("resident", "  resident memory, MiB")):
        values = [one[name] / 2**20 for one in (plain, ours)]
        print(f"{words:<28}{values[0]:>12.0f}{values[1]:>12.0f}{values[0] / max(values[1], 1e-9):>9.1f}x")
    print(f"{'  loss':<28}{plain['loss']:>12.5f}{ours['loss']:>12.5f}", flush=True)
    if abs(plain["loss"] - ours["loss"]) > 1e-3 * abs(plain["loss"]):
        sys.exit("the two ways have different losses")


if __name__ == "__main__":
    main()
