"""Namespace ids: `NAME.ACCOUNT`, and the endpoint that follows from it."""

import pytest

from certstrap.errors import InvalidNameError
from certstrap.temporal.namespace import Namespace


@pytest.mark.parametrize(
    "text",
    [
        "your-namespace.acct",
        "ab.x1",
        "a1-b2-c3.acct",
        "a" * 39 + ".acct",
        "ns.my-account",
        "your--namespace.acct",
        "a---b.acct",
    ],
)
def test_an_id_is_read_and_printed_as_it_was(text: str) -> None:
    namespace = Namespace.parse(text)
    assert str(namespace) == text
    assert (namespace.name, namespace.account) == tuple(text.split("."))


def test_the_endpoint_is_that_of_the_namespace() -> None:
    namespace = Namespace.parse("your-namespace.acct")
    assert namespace.host == "your-namespace.acct.tmprl.cloud"
    assert namespace.address == "your-namespace.acct.tmprl.cloud:7233"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not end in a dot and an account"),
        ("your-namespace", "does not end in a dot and an account"),
        ("your-namespace.", "does not end in a dot and an account"),
        ("your-namespace.ACCT", "has upper-case letters"),
        ("your-namespace.acct:7233", "does not end in a dot and an account"),
        ("your-namespace.acct\n", "does not end in a dot and an account"),
        ("Your-namespace.acct", "has upper-case letters"),
        ("your_namespace.acct", "has a name that is not made of lower-case letters"),
        ("-namespace.acct", "has a name that is not made of lower-case letters"),
        ("namespace-.acct", "has a name that is not made of lower-case letters"),
        ("1namespace.acct", "has a name that is not made of lower-case letters"),
        (".acct", "has a name that is not made of lower-case letters"),
        ("a.acct", "has a name of length 1, and 2 to 39 are allowed"),
        ("a" * 40 + ".acct", "has a name of length 40, and 2 to 39 are allowed"),
    ],
)
def test_what_is_no_id_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidNameError) as refused:
        Namespace.parse(text)
    assert reason in str(refused.value)
    assert str(refused.value.hint).endswith("as in your-namespace.acct.")
