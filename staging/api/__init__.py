"""The staging API: one module a noun, beside it what its requests and its answers are made of."""
