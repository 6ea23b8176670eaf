"""Name constraints: which names a CA may sign (RFC 5280, 4.2.1.10)."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509
from cryptography.x509.oid import NameOID

from certstrap.errors import Refused, printable
from certstrap.facts import extension

_HOST = re.compile(r"[^:]+://(?:[^/?#@]*@)?([^/?#:]+)")
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")


def require_permitted(request: x509.CertificateSigningRequest, ca: x509.Certificate) -> None:
    """Refuse a request with a name that ``ca`` may not sign.

    Domains, IP addresses and the hosts of URIs are held against the constraints of their own type.
    A common name with a dot counts as a domain where there is no other, as OpenSSL counts it.

    Raises:
        Refused: a name is excluded, or outside of what is permitted.
    """
    constraints = extension(ca, x509.NameConstraints)
    if not constraints:
        return
    permitted, excluded = constraints.permitted_subtrees or (), constraints.excluded_subtrees or ()
    for name in _names(request):
        allowed = [tree for tree in permitted if type(tree) is type(name)]
        if (allowed and not _in_any(name, allowed)) or _in_any(name, excluded):
            may = ", ".join(printable(str(tree.value)) for tree in allowed) or "other names"
            raise Refused(
                f"The CA may not sign {printable(str(name.value))}: it is permitted {may}.",
                "Ask for a name that it may sign, or choose another CA.",
            )


def _names(request: x509.CertificateSigningRequest) -> Iterator[x509.GeneralName]:
    alternative = list(extension(request, x509.SubjectAlternativeName) or ())
    yield from alternative
    if not any(isinstance(name, x509.DNSName) for name in alternative):
        for attribute in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if isinstance(attribute.value, str) and _HOST_NAME.fullmatch(attribute.value):
                yield x509.DNSName(attribute.value)


def _in_any(name: x509.GeneralName, trees: Iterable[x509.GeneralName]) -> bool:
    return any(type(tree) is type(name) and _is_in(name, tree) for tree in trees)


def _is_in(name: x509.GeneralName, tree: x509.GeneralName) -> bool:
    if isinstance(name, x509.IPAddress) and isinstance(tree.value, IPv4Network | IPv6Network):
        return name.value in tree.value
    of, within = str(name.value).lower(), str(tree.value).lower()
    if isinstance(name, x509.DNSName):
        return not within or of == within or of.endswith("." + within.removeprefix("."))
    if isinstance(name, x509.UniformResourceIdentifier):
        found = _HOST.match(of)
        host = found[1] if found else ""
        return host.endswith(within) if within.startswith(".") else host == within
    return of == within
