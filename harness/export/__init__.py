"""Our tasks in the form of other programs. Reads a task, writes files; loads none of those programs."""
