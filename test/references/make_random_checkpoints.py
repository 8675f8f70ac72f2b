"""Random checkpoints of many shapes with what diffusers makes of them.

    python make_random_checkpoints.py stored             rewrites test/golden/random
    python make_random_checkpoints.py sample 40 OUT [SEED]   40 checkpoints with weights, and a case each, under OUT
    python make_random_checkpoints.py sample-images 40 OUT [SEED]   the same, each case from images
    python make_random_checkpoints.py compare OUT        compares OUT/*/case with OUT/*/out, as `zimage run` wrote it

Needs torch, torchvision, diffusers 0.42 and transformers 5 on a CPU.
"""

import json
import shutil
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import load_file

from checkpoint_files import build, pipeline, stored_tensors, write_json, write_small_files, write_weights
from random_shapes import sample_image_spec, sample_spec
from record_case import record
from stored_shapes import STORED

GOLDEN = Path(__file__).parent.parent / "golden"
TOKENIZER = GOLDEN / "checkpoints/tiny-t2i/tokenizer"


def make(folder, name, spec, with_weights):
    spec = deepcopy(spec)
    models = build(name, spec)
    scheduler = write_small_files(folder, name, models, spec, TOKENIZER)
    layout = stored_tensors(models, spec)
    if with_weights:
        write_weights(folder, name, layout)
        shutil.copy(TOKENIZER / "tokenizer.json", folder / "tokenizer/tokenizer.json")
    else:
        lines = [f" {json.dumps(component)}: {{\n" + ",\n".join(
            f"  {json.dumps(file)}: {{\n" + ",\n".join(f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in tensors.items()) + "\n  }"
            for file, tensors in files.items()) + "\n }" for component, files in layout.items()]  # fmt: skip
        (folder / "weights.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    pipe = pipeline(folder, models, scheduler, TOKENIZER, spec["request"].get("pipeline", "text-to-image"))
    record(pipe, folder / "case", name, spec["request"])


def compare(folder):
    expected, actual = (load_file(folder / part / "tensors.safetensors") for part in ("case", "out"))
    worst = {}
    for key, reference in expected.items():
        assert reference.shape == actual[key].shape, (key, reference.shape, actual[key].shape)
        delta = np.abs(reference - actual[key]).max()
        worst[key.rstrip("0123456789")] = delta if "latents" in key else delta / np.sqrt((reference**2).mean())
    pixels = [np.asarray(Image.open(folder / part / "image.png").convert("RGB"), float) for part in ("case", "out")]
    error = ((pixels[0] - pixels[1]) ** 2).mean()
    psnr = 10 * np.log10(255**2 / error) if error else np.inf
    good = worst.get("prompt_embeds", 0) <= 2e-4 and worst["velocity"] <= 2e-4 and worst["latents"] <= 2e-3 and psnr >= 50
    figures = " ".join(f"{key} {value:.1e}" for key, value in worst.items())
    print(f"{'ok  ' if good else 'OFF '} {folder.name} {figures} psnr {psnr:.1f} rms {np.sqrt((expected['latents'] ** 2).mean()):.2f}")


def main():
    torch.set_num_threads(2)
    command, *args = sys.argv[1:]
    if command == "stored":
        for name, spec in STORED.items():
            shutil.rmtree(GOLDEN / "random" / name, ignore_errors=True)
            make(GOLDEN / "random" / name, name, spec, with_weights=False)
    elif command in ("sample", "sample-images"):
        out = Path(args[1])
        for i in range(int(args[0])):
            seed = int(args[2] if len(args) > 2 else 0) + i
            spec = (sample_spec if command == "sample" else sample_image_spec)(seed)
            make(out / f"random-{seed}", f"random-{seed}", spec, with_weights=True)
            write_json(out / f"random-{seed}/spec.json", spec)
    else:
        for folder in sorted(Path(args[0]).glob("random-*")):
            compare(folder)


main()
