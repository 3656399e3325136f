"""Accounts: signing in, API tokens, and the log of what happens to them.

lockouts   locks out whoever guesses passwords
events     logs sign-ins, tokens and changed rights
tasks      what the clock starts
"""
