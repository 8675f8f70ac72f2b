"""One call of diffusers' pipeline, written in the form of test/golden/README.md."""

import json

import torch
from safetensors.torch import save_file


def record(pipe, folder, model, request):
    """Writes request.json, tensors.safetensors and the images into `folder`."""
    tensors, calls = {}, []
    encode = pipe.encode_prompt

    def encode_prompt(*args, **kwargs):
        positive, negative = encode(*args, **kwargs)
        tensors.update({f"prompt_embeds{i}": embeds for i, embeds in enumerate(positive)})
        tensors.update({f"negative_prompt_embeds{i}": embeds for i, embeds in enumerate(negative)})
        return positive, negative

    def on_velocity(module, args, output):
        if not calls:
            tensors["velocity0"] = torch.stack(list(output[0])).squeeze(2)
            tensors["initial_latents"] = torch.stack(list(args[0])).squeeze(2)[: len(request["prompts"])]
        calls.append(args[1].tolist())

    def on_step(_, step, timestep, kwargs):
        tensors["latents"] = kwargs["latents"]
        return {}

    pipe.encode_prompt = encode_prompt
    hook = pipe.transformer.register_forward_hook(on_velocity)
    with torch.no_grad():
        images = pipe(
            prompt=list(request["prompts"]),  # the pipeline puts the chat text into the list it is given
            negative_prompt=None if request["negative_prompt"] is None else [request["negative_prompt"]] * len(request["prompts"]),
            width=request["width"],
            height=request["height"],
            num_inference_steps=request["steps"],
            guidance_scale=request["guidance_scale"],
            cfg_normalization=request["cfg_normalization"],
            cfg_truncation=request["cfg_truncation"],
            generator=torch.Generator("cpu").manual_seed(request["seed"]),
            callback_on_step_end=on_step,
        ).images
    hook.remove()
    pipe.encode_prompt = encode

    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        image.save(folder / f"image{i or ''}.png", optimize=True)
    save_file({key: tensor.float().contiguous().clone() for key, tensor in tensors.items()}, folder / "tensors.safetensors")
    seen = {
        "timesteps": pipe.scheduler.timesteps.tolist(),
        "sigmas": pipe.scheduler.sigmas.tolist(),
        "transformer_calls": len(calls),
        "t0": calls[0],
    }
    asked = {"pipeline": "text-to-image", "model": model, **request}
    (folder / "request.json").write_text(json.dumps({**asked, **seen}, indent=1) + "\n")
