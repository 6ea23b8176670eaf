"""Chains: who issued a certificate, found through the depot by signature."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap import files, revocation
from certstrap.depot import CHAIN, CRL, Depot
from certstrap.errors import Refused
from certstrap.facts import is_ca, is_issued_by, is_self_signed
from certstrap.files import PUBLIC_MODE, NewFile
from certstrap.names import Name


def issuers_of(depot: Depot, certificate: x509.Certificate) -> list[x509.Certificate]:
    """Return the CA that issued ``certificate``, the CA that issued that one, and so on.

    It is the shortest way to a root; where the depot has none, the longest way that it has. Where
    a CA was renewed and two certificates fit, the one that ends last is taken.
    """
    if is_self_signed(certificate):
        return []
    unseen = [found for _, found in depot.certificates() if is_ca(found)]
    unseen.sort(key=lambda ca: ca.not_valid_after_utc, reverse=True)
    ways = [[certificate]]
    for way in ways:  # it grows meanwhile: breadth first
        if is_self_signed(way[-1]):
            return way[1:]
        fitting = [ca for ca in unseen if is_issued_by(way[-1], ca)]
        unseen = [ca for ca in unseen if ca not in fitting]
        ways += [[*way, ca] for ca in fitting]
    return max(ways, key=len)[1:]


def export_chain(depot: Depot, name: Name, *, with_root: bool = False, output: str = "") -> str:
    """Write the chain of ``name``, leaf first, and return the path.

    Args:
        depot: where the certificates are, and the chain goes, save what is named otherwise.
        name: whose chain it is.
        with_root: end with the root; otherwise it ends before it, as TLS has it (RFC 8446, 4.4.2).
        output: where the chain goes, if not to the depot's ``NAME.chain.crt``.

    Raises:
        Refused: the chain does not reach a root, or has nothing in it but the root.
        FileExists: there is such a file already.
    """
    path = output or depot.path(name, CHAIN)
    files.require_free(path)
    leaf = depot.certificate(name)
    chain = [leaf, *issuers_of(depot, leaf)]
    require_root(depot, chain)
    if not with_root:
        chain.pop()
    if not chain:
        raise Refused(f"{name} is a root, and its chain ends before it.", "Give --with-root too.")
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    depot.create([NewFile(path, pem, PUBLIC_MODE)])
    return path


def require_not_revoked(
    depot: Depot, certificate: x509.Certificate, path: str, ca: x509.Certificate
) -> None:
    """Refuse a certificate that is on the CRL of ``ca``, if the depot has that CRL.

    Raises:
        Refused: it is on it.
    """
    for stem, found in depot.certificates():
        name = Name(stem)
        if found == ca and depot.has(name, CRL):
            crl = revocation.load(*depot.read(name, CRL), ca)
            since = revocation.revoked_since(crl, certificate.serial_number)
            if since:
                raise Refused(
                    f"{path} was revoked on {since:%Y-%m-%d %H:%M:%S} UTC.",
                    "Move it away, and its key and request too if the key was lost.",
                )


def require_root(depot: Depot, chain: list[x509.Certificate]) -> None:
    """Refuse a chain that does not end with a root.

    Raises:
        Refused: naming the issuer that is missing.
    """
    if not is_self_signed(chain[-1]):
        raise Refused(
            f"The chain is incomplete: {depot.root} does not hold the certificate of its issuer "
            f'"{chain[-1].issuer.rfc4514_string()}".',
            "Bring it in with: certstrap import NAME --cert FILE",
        )
