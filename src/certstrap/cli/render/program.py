"""How this program is called, in the commands that it suggests."""

from shlex import quote


def program_for(depot_path: str) -> str:
    """Return the program's name, with the depot if that is not the usual one."""
    return "certstrap" if depot_path == "out" else f"certstrap --depot-path {quote(depot_path)}"
