"""Who may do what: every address, method and kind of person in a table, and a test of each cell.

    table           rows and sections; the page that readers see
    api, admin      the rows
    people, world   who asks, and what there is to be asked for
    asking          one request by one person, and what came of it

`python -m tests.permissions` writes docs/permissions.md from the table.
"""
