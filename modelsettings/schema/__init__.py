"""Pure functions over a model's published schema and an operator's settings; no database.

flattening  the input's schema, as one self-contained JSON Schema
published   what Replicate publishes: who, which version, what it makes
roles       which property takes the photo, which the prompt
parameters  the settings schema: what an operator may tune, and who carries it out
validation  the one validator, and its sentences
words       a property and its values, put into words
form        the schema of the form that an operator fills in
comparison  comparing two documents of settings
drift       how two published schemas differ
"""
