"""Predictions: one purchase at Replicate each; nothing here waits while Replicate works.

A prediction's way:

submission    queued → submitting → running: upload the photo, buy, write the id down
reserving     `submitting`, written together with what the purchase takes out of the limits
lookup        a purchase whose answer was lost is looked up before anything is bought again
settlement    running → collecting, failed or canceled, by what Replicate says
webhooks      the check of a webhook's signature
polling       Replicate is asked for what runs, where no webhook has told of it
cancellation  the wish that a prediction be canceled; running → canceled
collection    collecting → succeeded: download, finish, store

A step claims its prediction first (`claims`), and every later write carries the claim's number;
`retries` says what becomes of one that fails. `replicate` is this process's connection, and
`log_context` names the prediction in every line of the log.
"""
