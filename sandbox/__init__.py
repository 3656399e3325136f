"""A local Replicate: an independent implementation of its HTTP API.

docs/replicate-facts/ holds the known facts of the service; comments cite its pages and chapters.
The sandbox imports no other package of this repository.
"""
