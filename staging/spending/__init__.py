"""Money: expected costs, spending limits, and the jobs that wait for room under them.

estimating  returns the expected cost of a purchase, and the most that it may cost
headroom    returns what each limit leaves, and refuses a job for which it has no room
changing    changes limits, pauses and estimates, as operators set them
first_limit  offers a limit where there is none of any kind
account_limits  sets a limit for every account that has none
own_limits  returns the limits that bind an account, as it may know them
telling     tells an error with a limit's figures to those who may know them
outlay      says what the rest of a job should cost, and what is held for it
waiting     finds the reasons for which jobs wait to be bought

Whether a purchase fits is decided where it is written: `predictions/reserving` takes its cost
out of the limits, by the rule of their rows (`reserve` in `models/spending`).
"""
