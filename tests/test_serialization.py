import sys

from tests.programs import run


def test_the_names_of_the_library_are_found_where_every_release_has_them() -> None:
    moved = (
        "from cryptography.hazmat.primitives import _serialization as before\n"
        "from cryptography.hazmat.primitives import serialization as public\n"
        "del before.Encoding\n"
        "from certstrap import serialization as ours\n"
        "print(*(getattr(ours, each) is getattr(public, each) for each in ours.__all__))\n"
    )
    assert run(sys.executable, "-c", moved).lines == [" ".join(["True"] * 6)]
