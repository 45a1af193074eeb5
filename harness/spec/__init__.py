"""What people write: tasks, strategies, price sheets. Strict at this border, plain records behind it."""
