"""Starts the decoder: python -m staging.images, with a socket as its standard input."""

from staging.images.decoder import main

main()
