"""Tiny random models of many architectures: what each has that a Llama has not, and windows short enough to matter."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

from harness.engines.store import ModelFolder, resolve
from tests.fakes import Silent
from tests.tiny import write_tiny_model

WINDOW = 24
EXPERTS = {
    "num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
    "mlp_only_layers": [], "decoder_sparse_step": 1,
}  # fmt: skip
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "untied": ("Llama", {"tie_word_embeddings": False}),
    "mistral, sliding": ("Mistral", {"sliding_window": WINDOW}),
    "qwen2, sliding": (
        "Qwen2",
        {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 0},
    ),
    "gemma2, soft caps": ("Gemma2", {"sliding_window": WINDOW, "query_pre_attn_scalar": 8}),
    "gemma3, sliding and full": (
        "Gemma3Text",
        {
            "sliding_window": WINDOW,
            "layer_types": ["sliding_attention", "full_attention"],
            "query_pre_attn_scalar": 8,
        },
    ),
    "gpt-oss, sinks": (
        "GptOss",
        {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": WINDOW},
    ),
    "mixtral, experts": ("Mixtral", EXPERTS),
    "qwen3-moe, experts": ("Qwen3Moe", EXPERTS),
    "phi3, fused projections": ("Phi3", {"sliding_window": None}),
    "gpt2, Conv1D and learnt positions": ("GPT2", {"n_embd": 48, "n_layer": 2, "n_head": 6}),
    "gpt-neox, fused query_key_value": ("GPTNeoX", {}),
    "gpt-neo, windows by index": (
        "GPTNeo",
        {
            "attention_types": [[["global", "local"], 1]],
            "num_layers": 2,
            "num_heads": 6,
            "window_size": WINDOW,
            "max_position_embeddings": 256,
        },
    ),
    "bloom, no positions": ("Bloom", {"n_layer": 2, "n_head": 6}),
    "mpt, ALiBi by index": ("Mpt", {"d_model": 48, "n_heads": 6, "n_layers": 2}),
    "lfm2, convolutions": ("Lfm2", {"layer_types": ["conv", "full_attention"]}),
    "mamba, no attention": ("Mamba", {"state_size": 8}),
    "qwen3-next, linear attention": (
        "Qwen3Next",
        EXPERTS
        | {
            "layer_types": ["linear_attention", "full_attention"],
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "linear_key_head_dim": 8,
            "linear_value_head_dim": 8,
            "shared_expert_intermediate_size": 32,
        },
    ),
}
BY_LIBRARY = {
    "mpt, ALiBi by index",
    "lfm2, convolutions",
    "mamba, no attention",
    "qwen3-next, linear attention",
}
"""Those that our own decoding does not fit, in transformers 5.24 at least."""


@functools.cache
def tiny(name: str) -> ModelFolder:
    """The model of a row, made once a process."""
    architecture, shape = ARCHITECTURES[name]
    home = Path(tempfile.mkdtemp(prefix="architectures-"))
    folder = write_tiny_model(home / "model", architecture=architecture, **shape)
    return resolve(str(folder), kind="base", cache=home, progress=Silent())
