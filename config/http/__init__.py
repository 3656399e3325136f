"""Middleware and formats that all requests and answers share, whichever view they meet.

errors               refusals and failures as answers
unreadable_requests  bytes that the libraries below would fail on
body_limits          forms that are longer than their sender may send
parsers              bodies of API requests
negotiation          the format that the API answers in
openapi              the API's description
current_request      the request that a thread answers, for signals of the database
security_headers     the headers that tell a browser what a page may load and do
client_address       the address of a client, behind a proxy as well
request_ids          an id for each request, in the log and in the answer
"""
