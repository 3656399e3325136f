"""The admin API: models, their settings, history, profiles, and a search over all of them.

permissions   who may
exchange      what the views share: reading a request, answering with a document
models        the list, and the default for staging
config        a profile's document, and its schema
history       what was: pages, comparison, rollback, reset
profiles      a model's profiles
search        across models
"""
