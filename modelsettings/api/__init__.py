"""The admin API: models, their settings, history, profiles, and a search over all of them.

permissions   the permissions that reading and changing ask for
strict        requests that are read to the letter
protocol      parts that the views share: reading a request, answering with a document
models        the list, and the default for staging
config        a profile's document, and its schema
history       a profile's past: pages, comparison, rollback, reset
profiles      a model's profiles
search        across models
"""
