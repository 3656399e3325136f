"""What workers do, step by step; nothing here waits while Replicate works.

A prediction's way:

submission    queued → submitting → running: upload the photo, buy, write the id down
settlement    running → collecting, failed or canceled, by what Replicate says
polling       Replicate is asked for what runs, where no webhook has told of it
collection    collecting → succeeded: download, finish, store
wishes        the wish that a prediction be canceled, which each step respects
cancellation  running → canceled: Replicate is asked to end what is not wanted
lookup        a purchase whose answer was lost is looked up before anything is bought again

A step claims its prediction first (`claims`), and every later write carries the claim's number;
`setbacks` says what becomes of one that fails, `spending` whether there is money for one.

Before and after it: `preparation` makes jobs of what batches brought, `callbacks` tells clients of
their ends, `pruning` and `removal` let go of what is kept no longer. For operators: `conditions`
finds what they have to be told, `watching` makes notices of it, `notices` sends them, `room` says
what limits leave. Of the process: `connection`, `clock`, `heartbeat`, `stopping`, `log_context`.
"""
