"""Accounts: roles, signing in, API tokens, and the log of what happens to them.

roles           the groups that Restage makes, and which permissions each of them has
lockouts        locks out those who guess passwords
tokens          makes, lists and revokes API tokens
authentication  lets a token in, and notes its use
sessions        ends the sessions of an account
deactivation    what ends with an account's deactivation, and what waits
events          logs sign-ins, tokens and changed rights
tasks           what the clock starts

`models` holds what knox does not; `api`, `urls` and `admin` are the doors, `refusals` what they
refuse.
"""
