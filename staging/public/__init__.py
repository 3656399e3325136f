"""Views that need no session: each address carries a secret or a signature that opens it.

files        stored files, under signed addresses
share_pages  the public page of a share, and its pictures
webhooks     Replicate's messages about predictions
"""
