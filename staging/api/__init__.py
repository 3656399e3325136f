"""The staging API: a module of views for each noun, with modules of its requests and answers."""
