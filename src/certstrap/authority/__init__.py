"""Everything that writes: create a CA, request, sign, issue, revoke, import, export.

Each step takes a `Plan` and values, returns a small result and prints nothing. What it writes, it
adds to the plan, so that steps can be combined and are carried out all or nothing.
"""
