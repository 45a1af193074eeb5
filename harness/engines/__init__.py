"""The catalogue of default models, the store that fetches and verifies them, and the engines that run them."""
