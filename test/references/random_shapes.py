"""Shapes drawn at random, within what the libraries themselves can run."""

import random

PROMPTS = ["red apple", "sun above cloud, flat icon", "火箭，扁平风格", "", "a kitchen knife to the left of a red apple " * 3]


def sample_image_spec(seed):
    """As `sample_spec`, with a request that starts from images; a third of them edit."""
    spec = sample_spec(seed)
    draw = random.Random(seed + 1_000_000)
    asked = spec["request"]
    kind = asked["pipeline"] = draw.choice(["omni-edit", "image-to-image", "inpaint"])
    if kind == "omni-edit":
        width = draw.choice([16, 24, 36])
        patch = draw.choice([8, 16])
        spec["siglip"] = {
            "hidden_size": width, "intermediate_size": draw.choice([20, 64]), "num_hidden_layers": draw.choice([1, 2, 3]),
            "num_attention_heads": draw.choice([1, 2, 4]), "patch_size": patch,
            "num_patches": draw.choice([4, 16, 36]), "layer_norm_eps": draw.choice([1e-6, 1e-5]),
        }
        spec["siglip_processor"] = {
            "patch_size": patch, "max_num_patches": draw.choice([16, 30, 64]), "image_mean": [0.5, 0.4, 0.5],
            "image_std": [0.5, 0.5, 0.25],
        }
        spec["types"]["siglip"] = draw.choice([["F32"], ["F16"], ["BF16"]])
        spec["transformer"]["siglip_feat_dim"] = width
        count = draw.choice([1, 1, 2, 3, 5])
        spec["transformer"]["axes_lens"] = [1024, 256, 256]
        asked["inputs"] = [[draw.randint(64, 200), draw.randint(64, 200)] for _ in range(count)]
        asked["cfg_normalization"] = False
        asked["cfg_truncation"] = 1.0
    else:
        asked["strength"] = draw.choice([1.0, 0.9, 0.6])
        # These pipelines do not resize their image, and do not encode one of as many channels as latents have.
        asked["inputs"] = [[asked["width"], asked["height"]]]
        if spec["vae"]["latent_channels"] == 3:
            spec["vae"]["latent_channels"] = spec["transformer"]["in_channels"] = 5
    return spec


def sample_spec(seed):
    draw = random.Random(seed)
    axes = [draw.choice([2, 4, 8, 12, 16, 18]) for _ in range(3)]
    heads = draw.choice([1, 2, 3, 5])
    dim = sum(axes) * heads
    hidden = draw.choice([16, 24, 40, 64])
    groups = draw.choice([1, 2, 4, 8])
    levels = draw.choice([1, 2, 3, 4])
    channels = [groups * draw.choice([1, 2, 3, 4]) * (2 if groups == 1 else 1) for _ in range(levels)]
    latent = draw.choice([1, 3, 4, 8, 16])
    key_heads = draw.choice([1, 2, 3])
    layers = draw.choice([1, 2, 3, 4])
    causal = draw.random() < 0.5
    patch_sizes = draw.choice([[2], [2], [1, 2], [2, 4]])
    scale = 2 ** (levels - 1)
    rows, columns = draw.randint(1, 9), draw.randint(1, 9)
    dynamic = draw.random() < 0.5
    types = lambda: draw.choice([["F32"], ["F16"], ["BF16"], ["F32", "BF16", "F16"]])  # noqa: E731
    guided = draw.random() < 0.5
    return {
        "transformer": {
            "all_patch_size": patch_sizes, "all_f_patch_size": [1] * len(patch_sizes), "in_channels": latent,
            "dim": dim, "n_layers": draw.choice([1, 2, 3]), "n_refiner_layers": draw.choice([0, 1, 2, 3]),
            "n_heads": heads, "n_kv_heads": draw.choice([heads, 1]), "norm_eps": draw.choice([1e-5, 1e-6, 1e-3]),
            "cap_feat_dim": hidden, "siglip_feat_dim": draw.choice([None, None, 24]),
            "rope_theta": draw.choice([256.0, 100.0, 10000.0]), "t_scale": draw.choice([1000.0, 1.0, 250.0]),
            "axes_dims": axes, "axes_lens": [1024, 64, 64],
        },
        "vae": {
            "block_out_channels": channels, "layers_per_block": draw.choice([1, 2, 3]), "latent_channels": latent,
            "norm_num_groups": groups, "down_block_types": ["DownEncoderBlock2D"] * levels,
            "up_block_types": ["UpDecoderBlock2D"] * levels, "mid_block_add_attention": draw.random() < 0.6,
            "use_quant_conv": draw.random() < 0.5, "use_post_quant_conv": draw.random() < 0.5,
            "scaling_factor": draw.choice([0.3611, 0.18215, 1.5]), "shift_factor": draw.choice([0.1159, 0.0, -0.4]),
        },
        "text_encoder": {
            "vocab_size": draw.choice([4096, 5000]), "hidden_size": hidden,
            "intermediate_size": draw.choice([20, 48, 96]), "num_hidden_layers": layers,
            "num_attention_heads": key_heads * draw.choice([1, 2, 4]), "num_key_value_heads": key_heads,
            "head_dim": draw.choice([4, 8, 10, 32]), "attention_bias": draw.random() < 0.3,
            "rms_norm_eps": draw.choice([1e-6, 1e-5]), "tie_word_embeddings": draw.random() < 0.5, "causal": causal,
            "rope_parameters": {"rope_type": "default", "rope_theta": draw.choice([1e4, 1e6, 5e5])},
        },
        "flat_rope_theta": draw.random() < 0.5,
        "scheduler": {
            "shift": draw.choice([1.0, 3.0, 6.0]), "use_dynamic_shifting": dynamic,
            "base_shift": draw.choice([0.5, 0.3]), "max_shift": draw.choice([1.15, 0.9]),
            "base_image_seq_len": draw.choice([256, 64]), "max_image_seq_len": draw.choice([4096, 1024]),
            "time_shift_type": draw.choice(["exponential", "linear"]),
            "shift_terminal": draw.choice([None, None, 0.1]),
            "num_train_timesteps": draw.choice([1000, 1000, 500]),
        },
        "chat_template": draw.choice(["field", "file", "list"]),
        "types": {part: types() for part in ("transformer", "vae", "text_encoder")},
        "shards": {part: draw.choice([1, 1, 2, 5]) for part in ("transformer", "vae", "text_encoder")},
        "request": {
            "seed": draw.randint(0, 2**32), "prompts": [draw.choice(PROMPTS)],
            "negative_prompt": draw.choice([None, "blur"]), "width": columns * 2 * scale, "height": rows * 2 * scale,
            "steps": draw.choice([2, 3, 5, 7]), "guidance_scale": draw.choice([2.5, 5.0]) if guided else 0.0,
            "cfg_normalization": draw.random() < 0.3, "cfg_truncation": draw.choice([1.0, 0.6]),
        },
    }  # fmt: skip
