"""Notices and troubles: everything that needs an operator, in notices and on the first page.

conditions  limits nearly spent, unusual failures and standstills, each of which makes a notice
attention   all other problems, which only the first page shows
watching    notices begin and end with their conditions
sending     notices are sent by e-mail and to a webhook
"""
