"""What a run of a task will do and what will spoil it, found out from its files alone: no model is loaded."""
