"""The admin's first page and its side bar.

page        today's figures, the newest pictures and the newest changes of settings
attention   the items that need an operator
figures     sums of the last days
navigation  the side bar
"""
