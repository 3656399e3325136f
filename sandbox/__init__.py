"""A local Replicate: an independent implementation of its HTTP API.

docs/replicate-facts/ holds what is known of the service, and comments cite its pages and chapters.
Imports nothing of the other packages of this repository.
"""
