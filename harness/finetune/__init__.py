"""Adapters: `trainer` (the protocol), `lora` and `scripted` (who trains), `packing` and `train` (the loop), `store`."""
