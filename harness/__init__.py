"""Measures prompting, retrieval and LoRA fine-tuning on the same questions and says which one pays."""

__version__ = "0.1.0"
