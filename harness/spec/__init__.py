"""What people write: tasks, strategies, price lists. Strict at this border, plain records behind it."""
