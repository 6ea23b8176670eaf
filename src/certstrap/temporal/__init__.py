"""What Temporal and its clients ask of certificates: checks, bundles, configuration, filters.

`rules` says what a rule is; `ca_rules`, `client_rules` and `clients` judge by them, and `check`
puts the results together. `inputs` reads what is checked, and `handshake` tries it in TLS
connections. `bundle` makes what is uploaded, `connect` configures the clients of a `namespace`, and
`filters` says which clients a Namespace admits. Nothing here writes a file of the user, prints, or
opens a connection by itself.
"""
