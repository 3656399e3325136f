"""The admin's first page and its side bar.

page        how today goes, what was made and what was changed last
attention   what needs an operator
figures     sums of the last days
navigation  the side bar
"""
