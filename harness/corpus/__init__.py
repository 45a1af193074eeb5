"""Documents become chunks, embeddings, a FAISS index, and ranked passages."""
