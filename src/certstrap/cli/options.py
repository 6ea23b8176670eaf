"""The options and arguments that several commands share."""

import os
import shlex
from collections.abc import Iterable
from typing import Any

import typer

from certstrap.cli import completion
from certstrap.cli.completion import Complete
from certstrap.cli.context import Context, require_output
from certstrap.cli.session import SecretOptions
from certstrap.cli.terminal import STANDARD_OUTPUT, warn
from certstrap.errors import NotFoundError, RefusedError
from certstrap.hints import Hint
from certstrap.pki.keys import CURVES, KeySpec
from certstrap.pki.name_constraints import Subtrees
from certstrap.pki.names import Subject
from certstrap.pki.urls import URLs
from certstrap.session import Session
from certstrap.store.depot import Entry, Name
from certstrap.store.files import STANDARD_INPUT
from certstrap.text import quoted


def value(
    spellings: str,
    metavar: str,
    text: str,
    complete: Complete | None = None,
    default: Any = "",
    **more: Any,
) -> Any:
    """Return an option with a value.

    ``spellings`` are separated by spaces, and ``complete`` returns what a shell offers for the
    value. An option whose default is ``...`` must be given. What else `typer.Option` takes, goes on
    to it.
    """
    return typer.Option(
        default, *spellings.split(), metavar=metavar, help=text, autocompletion=complete, **more
    )


def flag(spellings: str, text: str, **more: Any) -> Any:
    """Return an option without a value; see `value`."""
    return typer.Option(False, *spellings.split(), help=text, **more)


def argument(
    metavar: str, text: str, complete: Complete | None = None, default: Any = "", **more: Any
) -> Any:
    """Return an argument; see `value`."""
    return typer.Argument(default, metavar=metavar, help=text, autocompletion=complete, **more)


def source(spellings: str, text: str, default: Any = "") -> Any:
    """Return an option that names a file to read; ``-``, which one option may be, is a stream."""
    return value(spellings, "FILE", text, default=default, callback=read_once)


def file(
    spellings: str, text: str, default: Any = "", hint: str = "A file of that name is ./-."
) -> Any:
    """Return an option that names a file to write; ``-`` is refused."""

    def refuse_dash(param: typer.CallbackParam, value: str) -> str:
        if value == STANDARD_OUTPUT:
            option = param.opts[-1]  # the short spelling, as in the examples of the help
            raise RefusedError(f"{option} needs the name of a file, not -.", hint)
        return value

    return value(spellings, "FILE", text, default=default, callback=refuse_dash)


def file_or_device(spellings: str, text: str) -> Any:
    """Return the same where a device such as ``/dev/stdout`` may take the place of the file."""
    hint = "Standard output is /dev/stdout, and a file of that name is ./-."
    return file(spellings, text, hint=hint)


def read_once(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """Refuse a second option, or argument, that is to be read from standard input."""
    if value == STANDARD_INPUT or (isinstance(value, list) and STANDARD_INPUT in value):
        name = param.opts[-1] if param.param_type_name == "option" else "FILE"
        first = ctx.meta.setdefault("certstrap.standard_input", name)
        if first != name:
            raise RefusedError(f"Both {first} and {name} are -.", "Give one of them as a file.")
    return value


def for_example(line: str) -> Hint:
    """Return the example of a command, whose options all have values, as a hint."""
    words = iter(shlex.split(line))
    command = tuple((word, next(words)) if word.startswith("--") else word for word in words)
    return Hint("For example", command)


CA = value("--CA", "NAME", "The CA that signs. Default: the only CA of the depot.", completion.cas)
EXPIRES_VARIABLE, CURVE_VARIABLE = "CERTSTRAP_EXPIRES", "CERTSTRAP_CURVE"
TIME = 'a length of time ("18 months", "90d", "30d10h") or the last day (2027-12-31)'
EXPIRES_WITH_CA = value(
    "--expires",
    "TIME",
    f"When the certificate expires: {TIME}; no later than its CA. Default: 2 years.",
    envvar=EXPIRES_VARIABLE,
)
PROFILE_NAME = value(
    "--profile",
    "PROFILE",
    "What it is for: client, server or both. Default: both.",
    completion.words(("client", "server", "both")),
    envvar="CERTSTRAP_PROFILE",
)
YEARS = value("--years", "N", "", default=None, hidden=True)
_PASSPHRASE_FILE = source(
    "--passphrase-file",
    "Read the passphrase from the first line of FILE; - is standard input. Without it, "
    "CERTSTRAP_PASSPHRASE in the environment is used.",
    default=None,
)
_PIN_FILE = source(
    "--pin-file",
    "Read the PIN of the token that has the key from the first line of FILE; - is standard input. "
    "Without it, CERTSTRAP_PIN in the environment is used.",
    default=None,
)
_PASSPHRASE = value(
    "--passphrase",
    "TEXT",
    "Passphrase of the key. Visible in the process list. Empty means none.",
    default=None,
)
_CA_PASSPHRASE = value(
    "--passphrase", "TEXT", "Passphrase of the CA's key. Visible in the process list.", default=None
)


def _secrets(not_encrypted: str, text: Any = _PASSPHRASE) -> SecretOptions:
    """Return the options for a passphrase, given what ``--no-passphrase`` is for."""
    return SecretOptions(text, _PASSPHRASE_FILE, flag("--no-passphrase", not_encrypted))


NEW_KEY_PASSPHRASE = _secrets("Do not ask for a passphrase or encrypt new keys.")
NEW_KEY_SECRETS = NEW_KEY_PASSPHRASE._replace(pin_file=_PIN_FILE)
COPY_PASSPHRASE = _secrets("Do not ask for a passphrase or encrypt the new file.")
_ASKED = "is not encrypted. If it is, its passphrase is asked for on a terminal only."
KEY_PASSPHRASE = _secrets(f"The key {_ASKED}")
CA_PASSPHRASE = _secrets(f"The CA's key {_ASKED}", _CA_PASSPHRASE)
CA_SECRETS = CA_PASSPHRASE._replace(pin_file=_PIN_FILE)
NEW_CA_SECRETS = SecretOptions(
    _CA_PASSPHRASE,
    source(
        "--passphrase-file",
        "Read the passphrase of the CA's key from the first line of FILE; - is standard input. "
        "Without it, CERTSTRAP_PASSPHRASE in the environment is used.",
        default=None,
    ),
    flag("--no-passphrase", "Do not ask for a passphrase or encrypt the key of a new CA."),
    _PIN_FILE,
)


def _require_output(wanted: bool) -> bool:
    """Refuse to do what is asked for if the result cannot be printed."""
    if wanted:
        require_output()
    return wanted


AS_JSON = flag("--json", "Print JSON.", callback=_require_output)
TO_STDOUT = flag("--stdout", "Print the PEM as well.", callback=_require_output)


def key_bits(default: int) -> Any:
    """Return the option for the size of a new RSA key."""
    return value("--key-bits", "N", "Size of a new RSA key, in bits.", default=default)


CURVE = value(
    "--curve",
    "CURVE",
    "Curve of a new key, instead of RSA: P-224, P-256, P-384, P-521 or Ed25519.",
    completion.words(CURVES),
    envvar=CURVE_VARIABLE,
)
ALLOW_CA = flag("--allow-ca", "Export a CA's key too.")


NEW_NAME = argument("[NAME]", "The name in it; the same as --common-name.")
COMMON_NAME = value("--common-name --cn", "NAME", "Common name (CN).")


def subject_field(
    spellings: str, text: str, variable: str, metavar: str = "TEXT", **more: Any
) -> Any:
    """Return an option for a field of the subject, which a team sets once, in a variable."""
    return value(spellings, metavar, text, envvar=f"CERTSTRAP_{variable}", **more)


SUBJECT = Subject(
    "",
    subject_field("--organization --o -o", "Organization (O).", "ORGANIZATION"),
    subject_field("--organizational-unit --ou", "Organizational unit (OU).", "ORGANIZATIONAL_UNIT"),
    subject_field("--country --c -c", "Country (C), two letters such as DE.", "COUNTRY", "CC"),
    subject_field("--province --st", "State or province (ST).", "PROVINCE"),
    subject_field("--locality --l -l", "Locality (L).", "LOCALITY"),
)
DOMAINS = value("--domain", "LIST", "Domains, separated by commas; repeatable.", default=())
ADDRESSES = value("--ip", "LIST", "IP addresses, separated by commas; repeatable.", default=())
URIS = value("--uri", "LIST", "URIs, separated by commas; repeatable.", default=())
_LIMITS = {
    "domain": ("domains", "example.com or .example.com"),
    "ip": ("IP addresses", "10.0.0.0/8"),
    "uri": ("URIs with a host", "host.example.com or .example.com"),
    "email": ("e-mail addresses", "a@example.com or example.com"),
}


def _limit(verb: str, kind: str) -> Any:
    names, example = _LIMITS[kind]
    amount = "only" if verb == "permit" else "no"
    text = f"Let the CA sign {amount} {names} in LIST, such as {example}; repeatable."
    callback = _without_empty if (verb, kind) == ("permit", "domain") else None
    return value(f"--{verb}-{kind}", "LIST", text, default=(), callback=callback)


def _without_empty(lists: list[str]) -> list[str]:
    """Leave out an empty list of domains: in certstrap, it permits every domain."""
    if "" in lists:
        warn("--permit-domain is empty, and does not limit the CA.")
    return [each for each in lists if each]


PERMITTED = Subtrees(*(_limit("permit", kind) for kind in _LIMITS))
EXCLUDED = Subtrees(*(_limit("exclude", kind) for kind in _LIMITS))


def _url(kind: str, where: str) -> Any:
    return value(f"--{kind}-url", "URL", f"Where programs find {where}.", default=())


URL_LISTS = URLs(
    _url("crl", "the CRL of its CA, in DER; http is right, as it is signed"),
    _url("ocsp", "the OCSP responder of its CA"),
    _url("issuer", "the certificate of its CA, in DER"),
)
BUNDLE_FILE = value("--output", "FILE", "Write the bundle to FILE.")
CERTIFICATE_NAME = argument(
    "NAME", "The name in the certificate.", completion.certificates, default=...
)


def one_name(argument: str, option: str) -> str:
    """Return the name that is given as an argument, or with certstrap's option."""
    if argument and option:
        both = f"{quoted(argument)} and {quoted(option)}"
        raise typer.BadParameter(f"the name is given twice: {both}; quote a name with spaces")
    return argument or option


def refuse_if(condition: object, sentence: str) -> None:
    """Refuse options that do not go together."""
    if condition:
        raise typer.BadParameter(sentence)


def require_one_document(*, as_json: bool, pem: bool) -> None:
    """Refuse to print JSON and PEM to one stream."""
    sentence = "--json prints JSON alone, and no certificate or request beside it"
    refuse_if(as_json and pem, sentence)


def file_unless_dash(path: str) -> str:
    """Return the file that ``--output`` names, or nothing for ``-``: standard output."""
    return "" if path == STANDARD_OUTPUT else path


def one_of(what: str, text: str, words: Iterable[str]) -> str:
    """Return what was typed, if it is empty or one of some words.

    Raises:
        RefusedError: it is something else.
    """
    if text and text not in words:
        hint = f"Choose one of {', '.join(words)}."
        raise RefusedError(f"There is no {what} {quoted(text)}.", hint)
    return text


def named_entry(session: Session, what: str, *suffixes: str) -> Entry | None:
    """Return the entry of a name of the depot that has such a file, or None if a file is meant.

    A name comes before a file; a file is meant by ``-``, and by a path with a folder.

    Raises:
        NotFoundError: there is neither.
    """
    if what == STANDARD_INPUT or os.sep in what:
        return None
    entry = session.depot.find(Name.parse(what), *suffixes)
    if entry.has(*suffixes):
        return entry
    if not os.path.lexists(what):
        raise NotFoundError("file, and no name in the depot,", what, NotFoundError.IN_DEPOT)
    return None


def asks_for_kind(context: Context) -> bool:
    """Return whether the command line says of which kind a new key is to be."""
    return "curve" in context.typed or "key_bits" in context.typed


def new_key(context: Context, bits: int, curve: str) -> KeySpec:
    """Return the kind of a new key; ``--key-bits`` goes before a curve of the environment."""
    if "key_bits" in context.typed:
        if "curve" in context.typed:
            warn("--key-bits had no effect: a key on a curve has the size of its curve.")
        else:
            curve = ""
    return KeySpec.of(bits, curve)
