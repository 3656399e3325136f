"""Pure functions over a model's published schema and an operator's settings; no database.

published   what Replicate publishes, flattened into one self-contained JSON Schema
roles       which property takes the photo, which the prompt
parameters  the settings schema: what an operator may tune, and who carries it out
validation  the one validator, and its sentences
document    comparing two documents of settings
form        the schema of the form that an operator fills in
"""
