"""The session of docs/api.md, walked by a client that is generated from the API's document.

`bin/check-api` generates the client and runs this; it is no test of pytest's.
"""
