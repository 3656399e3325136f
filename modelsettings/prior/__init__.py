"""The settings of the system that Restage replaces, judged by what the models take today."""
