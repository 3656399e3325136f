"""The Stage page: one photo or many, in styles, with what it comes to before the button.

form   the fields, and the order that they make
page   the page itself, its forecast, and the addresses of earlier forms
done   the line on every page that tells of a batch that is done
urls   its addresses, below the admin's
"""
