"""The cost of waiting for Replicate: ours beside the usual blocking task, on the same sandbox.

setups     the set-ups that are compared: the command of each worker, and its slots
premises   the premises of one set-up: a database, a broker, a media folder, a sandbox, processes
feeding    records the jobs and sends their wake-ups, in a process of its own
blocking   the usual task: it holds its slot until Replicate is done
readings   figures from the database, the sandbox and Linux
runs       one measurement: jobs at the account's pace, or a worker killed halfway
"""
