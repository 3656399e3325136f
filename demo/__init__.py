"""The demo: starts everything on one machine and stages a photo, as a client of Restage.

It talks to Restage over HTTP and through its commands, and imports none of its packages.
"""
