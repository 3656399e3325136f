"""Requests to addresses that users entered: callbacks and notices.

public_http       sends requests to the public internet, and nowhere else
public_addresses  tells the addresses of the public internet from all others
signing           signs messages and sends them
"""
