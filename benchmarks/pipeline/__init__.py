"""What it costs to wait for Replicate: ours beside the usual blocking task, on the same sandbox.

setups     what is compared: how its worker starts, and what wakes it
premises   where one of them runs: a database, a broker, a media folder, a sandbox, processes
feeding    records the jobs and sends their wake-ups, in a process of its own
blocking   the usual task: it holds its slot until Replicate is done
readings   figures from what the database, the sandbox and Linux say
runs       one measurement: jobs at the account's pace, or with a worker killed in their midst
"""
