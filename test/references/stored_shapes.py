"""The checkpoints of test/golden/random: together they hold each option that a checkpoint may choose."""


def vae(channels, **options):
    levels = len(channels)
    return {
        "block_out_channels": channels,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        **options,
    }


def request(prompt, width, height, **options):
    """Sides in pixels."""
    defaults = {"negative_prompt": None, "guidance_scale": 0.0, "cfg_normalization": False, "cfg_truncation": 1.0}
    return {"seed": 3, "prompts": [prompt], "width": width, "height": height, "steps": 4, **defaults, **options}


STORED = {
    # The smallest of everything; no refiners; embeddings are the text encoder's only layer in use.
    "single-layer": {
        "transformer": {
            "in_channels": 4, "dim": 24, "n_layers": 1, "n_refiner_layers": 0, "n_heads": 1, "n_kv_heads": 1,
            "cap_feat_dim": 16, "axes_dims": [4, 8, 12], "axes_lens": [512, 32, 32],
        },
        "vae": vae([8], layers_per_block=1, latent_channels=4, norm_num_groups=4, mid_block_add_attention=False,
                   scaling_factor=0.18215, shift_factor=0.0, use_quant_conv=True, use_post_quant_conv=True),
        "text_encoder": {
            "vocab_size": 4096, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "tie_word_embeddings": True,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
        },
        "scheduler": {"shift": 1.0},
        "chat_template": "file",
        "types": {"transformer": ["F32"], "vae": ["F32"], "text_encoder": ["F32"]},
        "request": request("red apple", 20, 12),
    },
    # Dynamic shift by exponentials to a terminal sigma; two levels with quant convolutions and attention.
    "dynamic-exponential": {
        "transformer": {
            "in_channels": 8, "dim": 72, "n_layers": 2, "n_refiner_layers": 1, "n_heads": 3, "n_kv_heads": 1,
            "cap_feat_dim": 32, "axes_dims": [4, 8, 12], "axes_lens": [512, 32, 32], "rope_theta": 10000.0,
        },
        "vae": vae([8, 24], layers_per_block=2, latent_channels=8, norm_num_groups=8, scaling_factor=0.7,
                   shift_factor=-0.4, use_quant_conv=True, use_post_quant_conv=True),
        "text_encoder": {
            "vocab_size": 4096, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
            "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 10, "causal": True,
            "tie_word_embeddings": False, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
        },
        "flat_rope_theta": True,
        "scheduler": {
            "use_dynamic_shifting": True, "base_shift": 0.3, "max_shift": 0.9, "base_image_seq_len": 64,
            "max_image_seq_len": 1024, "shift_terminal": 0.1,
        },
        "types": {"transformer": ["BF16"], "vae": ["F16"], "text_encoder": ["BF16"]},
        "shards": {"transformer": 4, "text_encoder": 2},
        "request": request("sun above cloud", 32, 20, negative_prompt="blur", guidance_scale=4.0,
                           cfg_normalization=True, cfg_truncation=0.7),
    },
    # Dynamic shift, linear; three levels without attention; attention biases; several element types in one file.
    "dynamic-linear": {
        "transformer": {
            "in_channels": 3, "dim": 80, "n_layers": 3, "n_refiner_layers": 3, "n_heads": 2, "n_kv_heads": 2,
            "cap_feat_dim": 40, "axes_dims": [16, 12, 12], "axes_lens": [512, 32, 32], "norm_eps": 1e-3,
            "rope_theta": 100.0, "t_scale": 250.0,
        },
        "vae": vae([4, 8, 12], layers_per_block=3, latent_channels=3, norm_num_groups=2, scaling_factor=1.5,
                   shift_factor=0.2, mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False),
        "text_encoder": {
            "vocab_size": 5000, "hidden_size": 40, "intermediate_size": 20, "num_hidden_layers": 4,
            "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 4, "attention_bias": True,
            "rms_norm_eps": 1e-5, "tie_word_embeddings": False,
            "rope_parameters": {"rope_type": "default", "rope_theta": 5e5},
        },
        "scheduler": {"use_dynamic_shifting": True, "time_shift_type": "linear", "num_train_timesteps": 500},
        "chat_template": "list",
        "types": {"transformer": ["F32", "BF16", "F16"], "vae": ["BF16", "F32"], "text_encoder": ["F16", "F32"]},
        "request": request("火箭，扁平风格，深蓝色背景", 40, 24, steps=3, guidance_scale=2.5),
    },
    # Weights of two patch sizes and of a vision branch that text-to-image does without; dim above 256; four levels.
    "unused-parts": {
        "transformer": {
            "all_patch_size": [1, 2], "all_f_patch_size": [1, 1], "in_channels": 16, "dim": 288, "n_layers": 1,
            "n_refiner_layers": 1, "n_heads": 4, "n_kv_heads": 4, "cap_feat_dim": 24, "siglip_feat_dim": 20,
            "axes_dims": [16, 28, 28], "axes_lens": [512, 32, 32],
        },
        "vae": vae([6, 6, 12, 18], layers_per_block=1, latent_channels=16, norm_num_groups=3,
                   scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=True, use_post_quant_conv=False),
        "text_encoder": {
            "vocab_size": 4096, "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 64, "causal": True,
            "tie_word_embeddings": True, "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
        },
        "scheduler": {"shift": 6.0, "shift_terminal": 0.05},
        "types": {"transformer": ["F16"], "vae": ["F16"], "text_encoder": ["F16"]},
        "shards": {"vae": 3},
        "request": request("a kitchen knife to the left of a red apple, flat icon, cartoon style on a green "
                           "background, with a rainbow above", 80, 48, steps=2),
    },
    # An edit of three images, each resized for the vision encoder in a way of its own; heads of odd widths; autoencoder of two levels.
    "edit": {
        "transformer": {
            "in_channels": 8, "dim": 60, "n_layers": 2, "n_refiner_layers": 1, "n_heads": 2, "n_kv_heads": 2,
            "cap_feat_dim": 32, "siglip_feat_dim": 20, "axes_dims": [6, 14, 10], "axes_lens": [512, 256, 256],
        },
        "vae": vae([8, 16], layers_per_block=1, latent_channels=8, norm_num_groups=8, scaling_factor=0.7,
                   shift_factor=-0.4, use_quant_conv=True, use_post_quant_conv=False),
        "text_encoder": {
            "vocab_size": 4096, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12, "tie_word_embeddings": True,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e5},
        },
        "siglip": {
            "hidden_size": 20, "intermediate_size": 36, "num_hidden_layers": 2, "num_attention_heads": 5,
            "patch_size": 8, "num_patches": 25, "layer_norm_eps": 1e-5,
        },
        "siglip_processor": {
            "patch_size": 8, "max_num_patches": 30, "image_mean": [0.48, 0.45, 0.4], "image_std": [0.27, 0.26, 0.5],
        },
        "scheduler": {"shift": 6.0},
        "types": {"transformer": ["BF16"], "vae": ["F16"], "text_encoder": ["F16"], "siglip": ["F32", "BF16"]},
        "shards": {"siglip": 2},
        "request": request("put the red apple on the table", 64, 48, pipeline="omni-edit", steps=2, guidance_scale=3.0,
                           negative_prompt="blur", inputs=[[64, 80], [130, 64], [71, 97]]),
    },
    # From an image, with guidance that is bounded and ends early; dynamic shift over three levels without attention.
    "image-to-image": {
        "transformer": {
            "in_channels": 5, "dim": 48, "n_layers": 1, "n_refiner_layers": 2, "n_heads": 3, "n_kv_heads": 3,
            "cap_feat_dim": 24, "axes_dims": [4, 6, 6], "axes_lens": [512, 64, 64], "norm_eps": 1e-6, "rope_theta": 500.0,
        },
        "vae": vae([8, 8, 16], layers_per_block=1, latent_channels=5, norm_num_groups=4, mid_block_add_attention=False,
                   scaling_factor=1.2, shift_factor=0.1, use_quant_conv=True, use_post_quant_conv=True),
        "text_encoder": {
            "vocab_size": 4096, "hidden_size": 24, "intermediate_size": 30, "num_hidden_layers": 2,
            "num_attention_heads": 3, "num_key_value_heads": 3, "head_dim": 16, "attention_bias": True,
            "tie_word_embeddings": False, "causal": True, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
        },
        "scheduler": {"use_dynamic_shifting": True, "base_shift": 0.4, "shift_terminal": 0.02},
        "types": {"transformer": ["F32"], "vae": ["BF16"], "text_encoder": ["BF16"]},
        "request": request("cat face", 96, 72, pipeline="image-to-image", strength=0.7, steps=5, guidance_scale=4.0,
                           cfg_normalization=True, cfg_truncation=0.8, inputs=[[96, 72]]),
    },
    # One level, so that a pixel is a latent; quant convolutions on the way in alone; a mask of blocks.
    "inpaint": {
        "transformer": {
            "in_channels": 4, "dim": 40, "n_layers": 2, "n_refiner_layers": 0, "n_heads": 1, "n_kv_heads": 1,
            "cap_feat_dim": 16, "axes_dims": [8, 16, 16], "axes_lens": [512, 64, 64],
        },
        "vae": vae([12], layers_per_block=2, latent_channels=4, norm_num_groups=3, scaling_factor=0.18215,
                   shift_factor=0.0, use_quant_conv=True, use_post_quant_conv=False),
        "text_encoder": {
            "vocab_size": 4096, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
            "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6, "tie_word_embeddings": True,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4},
        },
        "scheduler": {"shift": 3.0},
        "types": {"transformer": ["F16"], "vae": ["F32"], "text_encoder": ["F32"]},
        "request": request("", 40, 40, pipeline="inpaint", strength=1.0, steps=3, inputs=[[40, 40]]),
    },
}  # fmt: skip
