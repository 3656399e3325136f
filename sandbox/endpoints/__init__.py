"""The sandbox's endpoints: a module for each kind of object, and `control`."""
