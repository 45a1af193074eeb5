"""The engine over OpenAI-compatible servers.

Start with `engine.py`: a request becomes a body (`dialect.py`), is asked for until it is answered or given up
(`asking.py`, over `client.py`), and its reply is read (`replies.py`, `streams.py`). What a server sends instead of an
answer is understood in `faults.py`, once.
"""
