"""A local Replicate: an independent implementation of its HTTP API.

What is believed of the service stands in `facts/replicate-http.md` and
`facts/replicate-client.md`; "facts" in this package's comments means those two pages.
Imports nothing of the other packages of this repository.
"""
