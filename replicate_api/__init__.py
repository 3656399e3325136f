"""All that Restage knows of Replicate: calls, answers, errors, webhooks' signatures.

Knows nothing of Django or of `staging`. `client.ReplicateClient` is the door;
`errors` says what may be tried again and what proves that nothing was bought;
`webhooks.verify` tells a webhook of Replicate's from any other request.
See docs/decisions/0003-the-replicate-client.md.
"""
