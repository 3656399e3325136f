"""Notices and troubles: all that needs an operator, as notices tell it and the first page shows it.

conditions  limits nearly spent, unusual failures, standstills: notices tell of them
troubles    the rest, which the first page alone shows: failures, what waits, what did not arrive
watching    notices begin and end with what stands
sending     notices leave by e-mail and to a webhook
"""
