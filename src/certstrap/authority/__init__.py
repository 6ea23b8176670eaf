"""The verbs: create a CA, request, sign, issue, revoke, import, export; a module each.

Each takes a depot, values and ``now``, and returns a small frozen result; none prints. What a verb
writes, it writes at its end and all at once, so that one that fails has changed nothing.
"""
