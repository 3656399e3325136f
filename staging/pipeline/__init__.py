"""What the worker does with one prediction; nothing here waits while Replicate works.

submission    queued → submitting → running: upload the photo, buy, write the id down
settlement    running → collecting, failed or canceled, by a webhook or by polling
collection    collecting → succeeded: download, finish, store
lookup        a purchase whose answer was lost is looked up before anything is bought again

A step claims its prediction first (a lease), and every later write carries the claim's number.
"""
