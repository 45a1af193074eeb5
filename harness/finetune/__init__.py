"""LoRA: training examples from the prompt builder, the training loop, the store of trained adapters."""
