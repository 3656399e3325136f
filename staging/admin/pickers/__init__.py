"""Pickers: parts of forms in which people choose projects, photos, models, rooms and styles.

projects  the search for a project
photos    files, ZIPs, and photos that are there, each with a room
looks     a room and styles
models    a model, and a profile of that model

Each is a class of fields that a form inherits, a template in `admin/staging/pickers`, and a part of
the script `pickers.js`. A form that has them draws them with one include each.
"""
