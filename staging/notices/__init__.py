"""Notices: what operators are told without looking.

conditions  what stands now: limits nearly spent, failures, standstills
watching    notices begin and end with what stands
sending     notices leave by e-mail and to a webhook
"""
