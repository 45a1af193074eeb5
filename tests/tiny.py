"""A tiny random model, a Llama unless told otherwise, with byte-level tokens and a chat template; made in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines.engine import AdapterRef
from harness.engines.local import LocalModel
from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.files import sha256_file
from harness.finetune.lora import peft_config
from harness.spec.system import LoRA

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIALS = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


SHAPE = {
    "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 6,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 4096, "eos_token_id": 0, "pad_token_id": 0,
    "bos_token_id": None, "tie_word_embeddings": True, "initializer_range": 0.3,
}  # fmt: skip


def write_tiny_model(folder: Path, seed: int = 0, architecture: str = "Llama", **shape: Any) -> Path:
    """`architecture`: what the configuration of a kind of model is called in transformers, without `Config`."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*SPECIALS, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|end|>",
        pad_token="<|end|>",
        additional_special_tokens=SPECIALS[1:],
    )
    fast.chat_template = TEMPLATE
    torch.manual_seed(seed)
    config = getattr(transformers, f"{architecture}Config")(
        **(SHAPE | {"vocab_size": len(vocabulary)} | shape)
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def tiny_engine(folder: ModelFolder) -> TransformersEngine:
    """An engine of its own over a small model: float32 on the CPU."""
    return TransformersEngine(LocalModel(folder, device="cpu", dtype="float32"))


def random_adapter(engine: TransformersEngine, folder: Path, seed: int, std: float) -> AdapterRef:
    """A LoRA that moves the model without having learnt anything, written by peft."""
    import torch

    with engine.model.adapting(peft_config(LoRA("t", rank=4))) as model:
        torch.manual_seed(seed)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.data.normal_(std=std)
        model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    return AdapterRef(folder, sha256_file(folder / "adapter_model.safetensors"))
