"""What the worker does with one prediction; nothing here waits while Replicate works.

submission    queued → submitting → running: upload the photo, buy, write the id down
settlement    running → collecting, failed or canceled, by what Replicate says
polling       Replicate is asked for what runs, where no webhook has told of it
collection    collecting → succeeded: download, finish, store
wishes        the wish that a prediction be canceled, which each step respects
cancellation  running → canceled: Replicate is asked to end what is not wanted
lookup        a purchase whose answer was lost is looked up before anything is bought again

A step claims its prediction first (a lease), and every later write carries the claim's number.
"""
