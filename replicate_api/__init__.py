"""The client of Replicate's API: calls, answers, errors and the signatures of webhooks.

Imports neither Django nor `staging`. Begin at `client.ReplicateClient`; `errors` says which
calls may be tried again and which errors prove that nothing was bought; `webhooks.verify`
tells a webhook of Replicate's from any other request.
See docs/decisions/0003-the-replicate-client.md.
"""
