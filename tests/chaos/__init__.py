"""Breaks Restage while it works, and looks whether anything was lost or bought twice.

ground        the real processes: web, two workers, beat, PostgreSQL, Redis, the sandbox
faults        what can be broken, by name, and how each prediction may end then
troubles      what is done to processes while jobs run: killed, stopped, emptied
outcome       what came of one: how often it struck, and what it found
kill_points   where a worker kills itself, as often as tokens tell it to
forgery       webhooks that Replicate did not send
clients       the API's clients, who ask for the jobs
evidence      what is there in the end: rows, files, purchases, logs
invariants    what must hold of it
rounds        one fault, or all of them, from the first job to the verdict
table         the verdicts as a table

`python -m tests.chaos --jobs 60` runs all of it; docs/reliability.md says more.
"""
