"""Arguments that are a name of the depot or a file."""

import os

from certstrap.authority.plan import Plan
from certstrap.depot import Entry
from certstrap.errors import NotFoundError
from certstrap.names import Name
from certstrap.streams import STANDARD_INPUT


def named_entry(plan: Plan, what: str, *suffixes: str) -> Entry | None:
    """Return the entry of a name of the depot that has such a file, or None if a file is meant.

    A name comes before a file; a file is meant by ``-``, and by a path with a folder.

    Raises:
        NotFoundError: there is neither.
    """
    if what == STANDARD_INPUT or os.sep in what:
        return None
    entry = plan.depot.find(Name.parse(what), *suffixes)
    if entry.has(*suffixes):
        return entry
    if not os.path.lexists(what):
        raise NotFoundError("file, and no name in the depot,", what, NotFoundError.IN_DEPOT)
    return None
