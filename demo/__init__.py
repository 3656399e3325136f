"""The demo: starts everything on one machine and stages a photo, as a client of Restage.

The demo talks to Restage over HTTP and by its commands, and imports none of its packages.
"""
