"""Adapters: `trainer` (the protocol), `lora` and `rote` (who trains), `packing` and `train` (the loop), `store`."""
