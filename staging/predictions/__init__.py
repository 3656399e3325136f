"""Predictions: each is one purchase at Replicate, and no step waits while Replicate works.

The way of a prediction, module by module:

submission    queued → submitting → running: upload the photo, buy, write the id down
reserving     writes `submitting` together with the cost that the limits reserve for it
lookup        looks up a purchase whose answer was lost, before anything is bought again
found_purchases  holds and counts purchases that are found after they were taken for none
settlement    running → collecting, failed or canceled, by what Replicate says
polling       asks Replicate about running predictions of which no webhook has come
cancellation  notes the wish to cancel a prediction; running → canceled
collection    collecting → succeeded: download, finish, store

A step claims its prediction first (`claims`), and every later write carries the claim's number.
`webhook_signature` tells Replicate's webhooks from forged ones; `public/webhooks` answers both.
`retries` decides on a prediction whose step failed: another try, or the end. `replicate` is this
process's connection, and `log_context` adds the prediction's ids to every line of the log.
"""
