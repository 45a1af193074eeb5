"""Questions that people have elsewhere become a task folder: begin with `questions.py`."""
