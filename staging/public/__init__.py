"""The doors that need no session: each address proves by itself that it may be opened.

files        stored files, under signed addresses
share_pages  the public page of a share, and its pictures
webhooks     what Replicate tells of predictions
"""
