"""Requests to addresses that people named: callbacks and notices.

public_http       requests to the public internet, and nowhere else
public_addresses  addresses of the public internet
signing           messages under our signature
"""
