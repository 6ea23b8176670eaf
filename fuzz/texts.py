"""Texts that a user could type: names, numbers, times and what nobody should type."""

from random import Random

NAMES = (
    "client", "new", "Cert", "Int", "a b", "a_b", "Acme, Inc. (Root)", "*.example.com", "müller",
    "mu\u0308ller", "東京.example.com", "spiffe://example.com/foo", "x@y", "10.0.0.1", "under_int",
    "CLIENT", "client.pkcs8", "client.chain", "a:b", "EC_Clear", "pending", "Ünï", "gone",
)  # fmt: skip
ODD = (
    "", " ", "-", "--", "---", ".", "..", "/", "//", "../x", "../../x", "/x", "a/b", "a/../../b",
    "~",
    "\n", "\t", "\r\n", "a\nb", "\x1b[31mred", "\x7f", "\u202eevil", "\u2066x", "\ufeff", "\u200b",
    "\udcff", "caf\udce9", "\udc80\udc81", "😀", "\U0010ffff", "e\u0301" * 40, "ß", "ﬁ", "İ",
    "ǅ", "٣",
    "%s", "%n", "{}", "{0}", "[red]x[/red]", "[/]", "$(id)", "`id`", "';--", '"', "\\", "\\x00",
    "=",
    "a=b", "=a", ",", "a,,b", ",a", "a,", "nan", "inf", "1e9", "0x10", "None", "null", "true",
    "false",
    "-x", "--x", "--help", "-h", "--version", "@file", "*", "?", "x" * 64, "x" * 65, "x" * 245,
    "x" * 256, "ä" * 64, "ä" * 127, "x" * 5000, "." * 300, "a." * 130, "CON", "NUL", "nul.key", "_",
    "__", "._", "x.key", "x.crt", ".hidden", "CA", "Cert.crt", "c\u0327", "\u0130", "\u1e9e",
    "\uff11\uff12",
)  # fmt: skip
NUMBERS = (
    "0", "1", "-1", "2", "224", "1024", "2047", "2048", "16385", "65536", "255", "256",
    "4294967296",
    "9" * 20, "9" * 4400, "-" + "9" * 30, "1_0", "\uff11", "٣", "+1", " 1", "1 ", "01", "0x10",
    "1.0",
    "1e3",
    "", "x", "--1", "2147483648", "9223372036854775808", "10000",
)  # fmt: skip
TIMES = (
    "18 months", "2 years", "1 year 6 months", "90d", "30d10h", "1y 30d 10h", "2027-12-31", "1 day",
    "1 second", "10 minutes", "24h", "364d", "50 years",
)  # fmt: skip
ODD_TIMES = (
    "9999-12-31", "10000-01-01", "0000-01-01", "0001-01-01", "2027-02-30", "2027-13-01",
    "1950-01-01",
    "2024-02-29", "8000 years", "99999999 years", "9" * 30 + "d", "9" * 5000 + " years", "0d",
    "-1 year",
    "1.5 years", "1y1y", "1 m", "1 fortnight", "1", "d", "1 day 1 day", "1d 1", "٣ days",
    "\uff11 year",
    "1  year", "1year", "1 YEAR", "1e3 d", "2026-11-23", "2026-1-1", "1d" * 300, "1 year, 2 days",
)  # fmt: skip
DOMAINS = ("a.example", "*.a.example", "localhost", "a.example,b.example", "example.com")
ADDRESSES = ("127.0.0.1", "::1", "10.0.0.1,::ffff:1.2.3.4", "fe80::1")
URIS = ("spiffe://example.com/foo", "https://a.example/", "urn:x:y", "https://[::1]:8/x?y#z")
ODD_LISTS = (
    "", ",", "a,,b", " a.example , b.example ", "1.2.3.4", "256.1.1.1", "::1%eth0", "1.2.3.0/24",
    "0",
    "a..b", "-a.b", "a_b.c", "xn--", "xn--mller-kva.example", "müller.example", "*", "*.",
    "*.*.a", ".a",
    "a.", "a.1", "x" * 64 + ".a", "a." * 127 + "a", "/test", "http:", "http://", "://x", "a:b c",
    "http://[", "http://[::1", "http://x:99999999", "http://%zz", "http://%00", "a" * 5000,
    "1" * 5000,
    "::" * 20, "0x7f.1", "\uff10.\uff10.\uff10.\uff10", "a,b," * 200 + "c",
)  # fmt: skip
SERIALS = (
    "0", "1", "05", "0x5", "serial=5", "00:05", "f" * 40, "f" * 41, "-5", "g", ":", "0x", "7f" * 20,
    "٣", "serial=", "0x0x5",
)  # fmt: skip
CURVES = ("P-256", "P-256", "P-256", "p256", "P-384", "P-224", "P-521", "Ed25519", "ED-25519")
REASONS = (
    "keyCompromise", "cACompromise", "unspecified", "superseded", "removeFromCRL", "KEYCOMPROMISE",
    "certificateHold", "affiliationChanged", "x",
)  # fmt: skip
PROFILES = ("client", "server", "both", "", "Client", "x")
NAMESPACES = ("your-namespace.acct", "ns.acct", "ns", "Ns.acct", "")
HOSTS = ("127.0.0.1:1", "[::1]:1", "localhost:1", "localhost:70000", "a:b:c", "")
COUNTRIES = ("DE", "us", "USA", "D", "ß", "1", "")
_ALPHABET = "abcXYZ019 ._-*@:/,=\\'\"\t\x1bäß東😀\u0301\u202e\udcff"


def changed(rng: Random, text: str) -> str:
    """Return a text with a few characters changed; never with a NUL, which no argument can have."""
    characters = list(text)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(characters) + 1)
        change = rng.randrange(4)
        if change == 0:
            characters[at:at] = rng.choice(_ALPHABET)
        elif change == 1:
            del characters[at : at + 1]
        elif change == 2:
            characters[at : at + 1] = rng.choice(_ALPHABET)
        else:
            characters = characters[:at] + characters[at:][::-1]
    return "".join(characters)


def one_of(rng: Random, usual: tuple[str, ...], odd: tuple[str, ...]) -> str:
    """Return a usual text mostly, else an odd one, or one that is changed."""
    way = rng.random()
    if way < 0.85:
        return rng.choice(usual)
    return rng.choice(odd) if way < 0.95 else changed(rng, rng.choice((*usual, *odd)))
