"""A fuzzer for the whole program: ``python -m fuzz --minutes N --seed S``.

Each call is made up from the seed and its own number alone, so that one call can be repeated. What
must hold of every call is in `laws`.

`__main__` reads the command line; `supervisor` starts `worker`, which makes the calls, and ends one
that takes too long. `cases` makes up a call from `command_lines`, `folders` and `surroundings`,
which take what is valid from `corpus` and change it with `texts`, `mutate`, `tlv` and `objects`.
`runs` carries a call out, and `loaders` calls the functions that decode.
"""
