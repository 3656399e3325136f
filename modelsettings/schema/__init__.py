"""Pure functions over a model's published schema and an operator's settings; no database.

flattening   the input's schema, as one self-contained JSON Schema
published    a published model: its name, version and schema, and what it makes
roles        the properties that take the photo and the prompt
parameters   the settings schema: what an operator may tune
delivery     the parameters that Restage carries out where a model has none of its own
validation   the one validator, and its sentences
words        a property and its values, put into words
form_schema  the schema of the form that an operator fills in
comparison   the differences between two documents of settings
drift        the differences between two published schemas, each with its severity
             (severities: the table; property_drift: one input; drift_words: its sentences)
consequences what becomes of a profile's values under another schema
"""
