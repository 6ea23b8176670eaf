"""What Temporal Cloud asks of certificates: the rules as data, checks, bundles, a rehearsal.

`rules` holds what is asked; `cas`, `leaves`, `chains`, `private_keys` and `clients` judge by it;
`check` puts the verdicts together; `rehearsal` and `endpoint` try the same files in TLS
connections; `bundle` and `rotation` make what is uploaded. Nothing here writes a file of the user,
prints, or opens a connection by itself.
"""
