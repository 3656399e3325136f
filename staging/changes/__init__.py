"""Recent changes of what decides the work: settings, models, the prompt library, rules, limits.

entries      a change as it is shown, its filter, and its place in the order
sources      a table of history as a source of changes
profiles     revisions of settings; rooms given to profiles, retirements, returns
models       facts of models, live profiles, the default
library      rooms, styles, furnishings and rules of prompts
rules        rules of disclosure, limits, estimates and pauses
listing      all of them in one order, in pages

Nothing is stored twice: each change is read from the history that its own table keeps.
"""
