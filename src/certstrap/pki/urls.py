"""URLs in certificates: where programs find the CRL, the OCSP responder and the CA (RFC 5280)."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from certstrap.errors import InvalidAlternativeNameError, UnusableFileError
from certstrap.pki.decode import extension
from certstrap.pki.names import is_address, parse_domain
from certstrap.text import quoted

_TEXT = r"(?:[A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_HOST = r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])(?::(?P<port>[0-9]{1,5}))?"
_HTTP = rf"(?i:https?://{_HOST}(?:/{_TEXT})?(?:\?{_TEXT})?)"
# A name and one attribute, perhaps a scope and a filter (RFC 5280, 4.2.1.13; RFC 4516).
_LDAP = rf"(?i:ldap://(?:{_HOST})?/{_TEXT[:-1]}+\?[A-Za-z0-9.;-]+(?:\?{_TEXT}){{0,2}})"
_ACCESS = (AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS)
_NAMES = {"crl": "CRL URL", "ocsp": "OCSP URL", "issuer": "issuer URL"}
_EXAMPLES = {
    "crl": "http://pki.example.com/Cert.crl",
    "ocsp": "http://ocsp.example.com",
    "issuer": "http://pki.example.com/Cert.cer",
}
_HIGHEST_PORT = 65_535
_LINES = 'A line is crl, ocsp or issuer, and a URL, as in "crl http://pki.example.com/Cert.crl".'


class URLs(NamedTuple):
    """The URLs that a certificate has, of each kind any number.

    Attributes:
        crl: of the CRL of its CA, in DER (4.2.1.13).
        ocsp: of an OCSP responder (4.2.2.1).
        issuer: of the certificate of its CA, in DER (4.2.2.1).
    """

    crl: Iterable[str] = ()
    ocsp: Iterable[str] = ()
    issuer: Iterable[str] = ()

    @classmethod
    def of(cls, crl: Iterable[str], ocsp: Iterable[str], issuer: Iterable[str]) -> Self:
        """Return URLs, each once; each string is a list, with spaces in between.

        Raises:
            InvalidAlternativeNameError: one of them is not a URL that such a certificate may have.
        """
        lists = zip(_NAMES, (crl, ocsp, issuer), strict=True)
        return cls(
            *(
                tuple(dict.fromkeys(_checked(kind, url) for text in texts for url in text.split()))
                for kind, texts in lists
            )
        )

    @classmethod
    def parse(cls, text: str, path: str) -> Self:
        """Read a file that `text` wrote, or a person.

        Raises:
            UnusableFileError: a line is not one of them.
        """
        found: dict[str, list[str]] = {kind: [] for kind in _NAMES}
        for line in filter(str.strip, text.split("\n")):
            kind, *urls = line.split()
            if kind not in found or not urls:
                reason = f"has a line that is not understood: {quoted(line.strip())}"
                raise UnusableFileError(path, reason, _LINES)
            found[kind] += urls
        try:
            return cls.of(**found)
        except InvalidAlternativeNameError as error:
            raise UnusableFileError(path, f"cannot be used: {error}", _LINES) from None

    @classmethod
    def in_(cls, of: x509.Certificate | x509.CertificateSigningRequest) -> Self:
        """Return the URLs in a certificate, or those that a request asks for."""
        points = extension(of, x509.CRLDistributionPoints) or ()
        names = [name for point in points for name in point.full_name or ()]
        access = [*(extension(of, x509.AuthorityInformationAccess) or ())]
        ocsp, issuer = (
            [each.access_location for each in access if each.access_method == method]
            for method in _ACCESS
        )
        return cls(*map(_uris, (names, ocsp, issuer)))

    def or_else(self, others: "URLs") -> "URLs":
        """Return the same, with those of ``others`` of the kinds that are empty."""
        return URLs(*(mine or other for mine, other in zip(self, others, strict=True)))

    @property
    def text(self) -> str:
        """A line for each."""
        lists = zip(_NAMES, self, strict=True)
        return "".join(f"{kind} {url}\n" for kind, urls in lists for url in urls)

    def extensions(self) -> Iterator[x509.ExtensionType]:
        """Yield the extensions that have them, which are not critical."""
        if self.crl:
            # One point: all of them lead to the same CRL (RFC 5280, 4.2.1.13).
            names = [*map(x509.UniformResourceIdentifier, self.crl)]
            yield x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])
        if access := [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
            for method, urls in zip(_ACCESS, (self.ocsp, self.issuer), strict=True)
            for url in urls
        ]:
            yield x509.AuthorityInformationAccess(access)


NO_URLS = URLs()


def _checked(kind: str, url: str) -> str:
    # Compiled when used: a start without URLs would pay for it.
    found = re.fullmatch(_HTTP, url) or (re.fullmatch(_LDAP, url) if kind != "ocsp" else None)
    if not found or not _is_place(found["host"] or "", int(found["port"] or 1)):
        kinds = "http or https" if kind == "ocsp" else "http, https or ldap"
        hint = f"Write an {kinds} URL in ASCII, as in {_EXAMPLES[kind]}."
        raise InvalidAlternativeNameError(_NAMES[kind], url, hint)
    return url


def _is_place(host: str, port: int) -> bool:
    """Return whether there may be a server; only a URL of LDAP has no host."""
    if not 0 < port <= _HIGHEST_PORT:
        return False
    if not host or is_address(host.strip("[]")):
        return True
    try:
        return bool(parse_domain(host, wildcard=False))
    except InvalidAlternativeNameError:
        return False


def _uris(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    uris = (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
    return tuple(dict.fromkeys(uris))
