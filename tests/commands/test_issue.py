"""`issue`: whatever is missing on the way to a certificate, in one command, and nothing twice."""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certstrap.pki.keys import P256, RSA_2048, spec_of
from tests.builders import foreign
from tests.builders.depots import NEW_KEY, UNUSED
from tests.conftest import NOW, CommandLine, snapshot, visible

P256_ISSUE = ("issue", "--curve", "P-256")
CA = ("init", *NEW_KEY, "--expires", "10 years", "--cn")
REQUEST = ("request-cert", *NEW_KEY, "--cn")
NOT_ENCRYPTED = [
    "",
    "The CA's key is not encrypted. Encrypt it: certstrap passphrase Cert",
]
NEXT = [
    "",
    "What to do next:",
    "  Upload out/Cert.crt to your Namespace, as its CA certificate.",
    "  Give your client out/a.crt and out/a.key.",
]
# With a CA that already exists, which may be uploaded too.
LATER = [
    *NEXT[:2],
    "  If you have not done so yet, upload out/Cert.crt to your Namespace, as its CA certificate.",
    NEXT[3],
]
SIGNED = "Created out/a.crt from out/a.csr signed by out/Cert.key"


def signed(folder: Path, stem: str = "a") -> x509.Certificate:
    return foreign.load_certificate(folder / "out" / f"{stem}.crt")


def new_ca(folder: Path) -> list[str]:
    return ["", f"New CA: {folder}/out/Cert.crt"]


def test_in_an_empty_folder_it_does_the_whole_walkthrough(
    certstrap: CommandLine, folder: Path
) -> None:
    outcome = certstrap(*P256_ISSUE, "a", "--pkcs8", "--expires", "1 year")
    assert outcome.lines == [
        "Created out/Cert.key",
        "Created out/Cert.crt",
        "Created out/Cert.crl",
        "Created out/a.key",
        "Created out/a.csr",
        SIGNED,
        "Expires 2027-11-23.",
        "Created out/a.pkcs8.key",
        *new_ca(folder),
        *NEXT[:3],
        "  Give your client out/a.crt and out/a.pkcs8.key.",
        *NOT_ENCRYPTED,
    ]
    names = {path.name for path in visible(folder / "out")}
    created = [line.split()[1] for line in outcome.lines if line.startswith("Created ")]
    assert names == {path.removeprefix("out/") for path in created}
    signed(folder).verify_directly_issued_by(signed(folder, "Cert"))
    for stem in ("Cert", "a"):
        assert spec_of(foreign.load_key(folder / f"out/{stem}.key")) == P256


def test_what_it_makes_is_what_the_steps_make(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*P256_ISSUE, "a")
    for options in (
        ("init", *NEW_KEY, "--cn", "Cert"),
        (*REQUEST, "a"),
        ("sign", "a", "--CA", "Cert"),
    ):
        certstrap("--depot-path", "steps", *options)
    for stem in ("Cert", "a"):
        ours = signed(folder, stem)
        theirs = foreign.load_certificate(folder / f"steps/{stem}.crt")
        assert ours.subject == theirs.subject
        assert ours.not_valid_before_utc == theirs.not_valid_before_utc
        assert ours.not_valid_after_utc == theirs.not_valid_after_utc
        assert [ext.oid for ext in ours.extensions] == [ext.oid for ext in theirs.extensions]
    ours_mode, theirs_mode = (
        {path.name: path.stat().st_mode for path in (folder / depot).iterdir()}
        for depot in ("out", "steps")
    )
    assert ours_mode == theirs_mode


def test_the_end_is_cut_to_that_of_a_new_ca_and_one_line_says_so(
    certstrap: CommandLine, folder: Path
) -> None:
    outcome = certstrap(*P256_ISSUE, "a")
    cut = "Expires 2028-05-23, with its CA."
    assert outcome.lines[5:7] == [SIGNED, cut]


def test_the_options_of_the_steps_are_its_own(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*CA, "Root")
    certstrap(
        "issue", "a", "--CA", "Root", "--key-bits", "2048", "--domain", "a.example, b.example",
        "--ip", "::1", "--uri", "urn:a", "--expires", "2027-01-01",
    )  # fmt: skip
    leaf = signed(folder)
    leaf.verify_directly_issued_by(signed(folder, "Root"))
    assert spec_of(foreign.load_key(folder / "out/a.key")) == RSA_2048
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == ["a.example", "b.example", ip_address("::1"), "urn:a"]
    assert leaf.not_valid_after_utc == datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("options", [(), ("--CA", "Own Root")])
def test_the_depots_only_ca_or_the_one_named_signs(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...]
) -> None:
    certstrap(*CA, "Own Root")
    if options:
        certstrap(*CA, "Another")
    outcome = certstrap(*P256_ISSUE, "a", *options)
    assert outcome.lines == [
        "Created out/a.key",
        "Created out/a.csr",
        "Created out/a.crt from out/a.csr signed by out/Own_Root.key",
        "Expires 2028-11-23.",
        *(line.replace("Cert.crt", "Own_Root.crt") for line in LATER),
    ]


def test_below_an_intermediate_the_client_is_given_its_chain(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*CA, "Root", "--path-length", "1")
    certstrap(*REQUEST, "Int")
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    outcome = certstrap(*P256_ISSUE, "a", "--CA", "Int", "--expires", "1 year")
    assert outcome.lines[2:] == [
        "Created out/Int.crl",
        "Created out/a.crt from out/a.csr signed by out/Int.key",
        "Expires 2027-11-23.",
        *(line.replace("Cert.crt", "Root.crt") for line in LATER[:3]),
        "  Give your client out/a.key and its chain.",
        "  Write the chain: certstrap export-chain a",
    ]


def test_below_an_intermediate_whose_root_is_elsewhere_the_root_is_to_be_found(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap(*CA, "Root", "--path-length", "1")
    certstrap(*REQUEST, "Int")
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    for each in depot.glob("Root.*"):
        each.unlink()
    outcome = certstrap(*P256_ISSUE, "a", "--CA", "Int", "--expires", "1 year")
    assert "upload the root above out/Int.crt to your Namespace" in outcome.stdout


def test_a_depots_first_ca_has_the_name_that_was_given(
    certstrap: CommandLine, folder: Path
) -> None:
    outcome = certstrap(*P256_ISSUE, "a", "--CA", "New CA")
    assert outcome.lines[0] == "Created out/New_CA.key"
    assert signed(folder, "New_CA").subject == foreign.name_of("New CA")
    assert outcome.lines[-1].endswith("Encrypt it: certstrap passphrase New_CA")


@pytest.mark.parametrize("options", [("--key-bits", "2048"), ("--dry-run",)])
def test_a_mistyped_ca_is_not_created_beside_another(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...]
) -> None:
    certstrap(*CA, "Cert")
    certstrap.refuses(
        "issue", "a", "--CA", "My Cret", *options,
        sentence='out has no CA "My Cret"; it has: Cert.',
        hint="certstrap init --common-name 'My Cret'",
    )  # fmt: skip


def test_no_ca_is_created_beside_one_whose_key_is_elsewhere(
    certstrap: CommandLine, folder: Path
) -> None:
    foreign.write(folder / "out/Root.crt", foreign.certificate().public_bytes(Encoding.PEM))
    only = "out has no private key of a CA, only certificates: Root."
    certstrap.refuses(*P256_ISSUE, "a", sentence=only, hint="certstrap init --common-name NAME")
    unknown = 'out has no CA "Other"; it has: Root.'
    certstrap.refuses(*P256_ISSUE, "a", "--CA", "Other", sentence=unknown)


def test_no_ca_is_created_beside_one_that_cannot_be_read(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*CA, "Cert")
    broken = folder / "out/Cert.crt"
    broken.chmod(0o644)
    broken.write_text("-----BEGIN CERTIFICATE-----")
    certstrap.refuses(*P256_ISSUE, "a", "--CA", "Other", sentence="out/Cert.crt ")


def test_the_command_for_an_encrypted_ca_works_as_printed(
    certstrap: CommandLine, folder: Path
) -> None:
    command = certstrap(*P256_ISSUE, "a").lines[-1].partition(": ")[2]
    certstrap(*shlex.split(command)[1:], input="secret\nsecret\n")
    assert b"ENCRYPTED" in (folder / "out/Cert.key").read_bytes()
    assert b"ENCRYPTED" not in (folder / "out/a.key").read_bytes()


def test_of_several_cas_one_must_be_named(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*CA, "One")
    certstrap(*CA, "Two")
    certstrap.refuses(*P256_ISSUE, "a", sentence="out has more than one CA: One, Two.")


def test_a_key_and_a_request_that_are_there_are_used(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*CA, "Cert")
    certstrap(*REQUEST, "a")
    before = (folder / "out/a.key").read_bytes(), (folder / "out/a.csr").read_bytes()
    assert certstrap("issue", "a").lines == [SIGNED, "Expires 2028-11-23.", *LATER]
    assert before == ((folder / "out/a.key").read_bytes(), (folder / "out/a.csr").read_bytes())


def test_a_key_that_is_there_without_a_request_is_used(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*CA, "Cert")
    key = P256.generate()
    foreign.write(folder / "out/a.key", foreign.key_data(key))
    outcome = certstrap("issue", "a")
    assert outcome.lines == [
        "Read out/a.key",
        "Created out/a.csr",
        SIGNED,
        "Expires 2028-11-23.",
        *LATER,
    ]
    assert signed(folder).public_key() == key.public_key()


def test_a_request_whose_key_is_elsewhere_is_signed(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*CA, "Cert")
    foreign.write(folder / "out/a.csr", foreign.request(subject="a"))
    assert certstrap("issue", "a").lines == [
        SIGNED,
        "Expires 2028-11-23.",
        *LATER[:3],
        "  Give your client out/a.crt and the key that out/a.crt was created for.",
    ]


def test_the_second_time_nothing_is_done(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*P256_ISSUE, "a")
    before = snapshot(folder)
    there = "out/a.crt already exists and expires on 2028-05-23."
    assert certstrap("issue", "a").lines == [there, *LATER]
    assert snapshot(folder) == before


def test_the_pkcs8_key_alone_may_be_missing(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*P256_ISSUE, "a")
    outcome = certstrap("issue", "a", "--pkcs8")
    assert outcome.lines == [
        "out/a.crt already exists and expires on 2028-05-23.",
        "Created out/a.pkcs8.key",
        *LATER[:3],
        "  Give your client out/a.crt and out/a.pkcs8.key.",
    ]


def test_a_pkcs8_key_that_is_there_is_the_one_to_give(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*P256_ISSUE, "a", "--pkcs8")
    assert certstrap("issue", "a", "--pkcs8").lines == [
        "out/a.crt already exists and expires on 2028-05-23.",
        *LATER[:3],
        "  Give your client out/a.crt and out/a.pkcs8.key.",
    ]


def test_a_second_client_gets_the_same_ca(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*P256_ISSUE, "a")
    certstrap(*P256_ISSUE, "b")
    signed(folder, "b").verify_directly_issued_by(signed(folder, "Cert"))


COPY = "  Clients need a key that is not encrypted. Write such a copy: certstrap export-pkcs8 a"
BY_PASSPHRASE = " (encrypted by passphrase)"
KEY_FILE = ("--key-passphrase-file", "key.txt")


def created(folder: Path, *, ca: str, client: str) -> list[str]:
    """Return the lines of a new CA and a client, whose keys are encrypted or not."""
    return [
        f"Created out/Cert.key{ca}",
        "Created out/Cert.crt",
        "Created out/Cert.crl",
        f"Created out/a.key{client}",
        "Created out/a.csr",
        SIGNED,
        "Expires 2027-11-23.",
        *new_ca(folder),
        *NEXT,
        *([COPY] if client else []),
        *([] if ca else NOT_ENCRYPTED),
    ]


@pytest.mark.parametrize(
    ("options", "environ", "lines"),
    [
        (("--passphrase", "secret"), {}, ""),
        (("--passphrase-file", "secret.txt"), {}, ""),
        (("--passphrase-file", "-"), {}, "secret\n"),
        ((), {"CERTSTRAP_PASSPHRASE": "secret"}, ""),
    ],
)
def test_a_passphrase_encrypts_the_key_of_a_new_ca_and_not_the_clients(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    environ: Mapping[str, str],
    lines: str,
) -> None:
    (folder / "secret.txt").write_text("secret\n")
    expires = ("--expires", "1 year")
    outcome = certstrap(*P256_ISSUE, "a", *expires, *options, environ=environ, input=lines)
    assert outcome.lines == created(folder, ca=BY_PASSPHRASE, client="")
    for stem, secret in (("Cert", b"secret"), ("a", None)):
        key = foreign.load_key(folder / f"out/{stem}.key", secret)
        assert key.public_key() == signed(folder, stem).public_key()


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (KEY_FILE, ""),
        ((*KEY_FILE, "--encrypt-key"), ""),
        (("--key-passphrase-file", "-"), "client's\n"),
    ],
)
@pytest.mark.parametrize(
    ("of_ca", "environ"),
    [
        ((), {}),
        (("--no-passphrase",), {"CERTSTRAP_PASSPHRASE": "secret"}),
        (("--passphrase", "secret"), {}),
        ((), {"CERTSTRAP_PASSPHRASE": "secret"}),
    ],
)
def test_the_clients_key_is_encrypted_by_a_passphrase_of_its_own(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    lines: str,
    of_ca: tuple[str, ...],
    environ: Mapping[str, str],
) -> None:
    (folder / "key.txt").write_text("client's\n")
    command = (*P256_ISSUE, "a", "--expires", "1 year", *of_ca, *options)
    outcome = certstrap(*command, environ=environ, input=lines)
    secret = None if not (of_ca or environ) or "--no-passphrase" in of_ca else b"secret"
    ca = BY_PASSPHRASE if secret else ""
    assert outcome.lines == created(folder, ca=ca, client=BY_PASSPHRASE)
    foreign.load_key(folder / "out/Cert.key", secret)
    foreign.load_key(folder / "out/a.key", b"client's")
    again = certstrap(*command, environ=environ, input=lines)
    assert again.lines[0] == "out/a.crt already exists and expires on 2027-11-23."


def test_an_encrypted_key_of_a_client_is_opened_by_its_own_passphrase_or_the_ca_s(
    certstrap: CommandLine, folder: Path
) -> None:
    (folder / "key.txt").write_text("client's\n")
    of_ca = ("--passphrase", "secret")
    certstrap("init", "--curve", "P-256", "--cn", "Cert", *of_ca)
    certstrap("request-cert", "--curve", "P-256", "--cn", "same", *of_ca)
    certstrap("request-cert", "--curve", "P-256", "--cn", "own", "--passphrase", "client's")
    assert "Created out/same.crt" in certstrap("issue", "same", *of_ca).stdout
    certstrap.refuses(
        "issue", "own", *of_ca,
        sentence="The passphrase does not decrypt out/own.key.", hint="--key-passphrase-file FILE",
    )  # fmt: skip
    assert "Created out/own.crt" in certstrap("issue", "own", *of_ca, *KEY_FILE).stdout


def test_a_key_that_is_there_unencrypted_is_not_passed_off_as_encrypted(
    certstrap: CommandLine, folder: Path
) -> None:
    (folder / "key.txt").write_text("client's\n")
    certstrap(*P256_ISSUE, "a")
    sentence = "out/a.key is not encrypted, and the passphrase would not protect it."
    encrypt = "or encrypt the key: certstrap passphrase a"
    certstrap.refuses("issue", "a", *KEY_FILE, sentence=sentence, hint=encrypt)


def test_a_passphrase_for_a_key_that_is_elsewhere_is_reported_to_have_no_effect(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*CA, "Cert")
    foreign.write(folder / "out/a.csr", foreign.request(subject="a"))
    certstrap("issue", "a", *KEY_FILE, stderr=f"--key-passphrase-file {UNUSED}")


def test_an_empty_file_never_means_that_the_clients_key_is_not_encrypted(
    certstrap: CommandLine, folder: Path
) -> None:
    (folder / "key.txt").touch()
    certstrap.refuses(
        *P256_ISSUE, "a", *KEY_FILE,
        sentence="key.txt has no passphrase.", hint="Leave --key-passphrase-file out",
    )  # fmt: skip


def test_without_a_terminal_nobody_is_asked_for_the_clients_passphrase(
    certstrap: CommandLine,
) -> None:
    certstrap.refuses(
        *P256_ISSUE, "a", "--encrypt-key", input="one\none\n",
        sentence="--encrypt-key asks for a passphrase on a terminal, and there is none.",
        hint="--key-passphrase-file FILE",
    )  # fmt: skip


def test_an_encrypted_key_is_exported_unencrypted(certstrap: CommandLine, folder: Path) -> None:
    (folder / "key.txt").write_text("client's\n")
    outcome = certstrap(*P256_ISSUE, "a", "--pkcs8", "--passphrase", "secret", *KEY_FILE)
    assert outcome.lines[-1] == "  Give your client out/a.crt and out/a.pkcs8.key."
    key = foreign.load_key(folder / "out/a.pkcs8.key")
    assert key.public_key() == signed(folder).public_key()


def test_what_to_do_next_can_be_typed_as_it_stands(certstrap: CommandLine, folder: Path) -> None:
    (folder / "key.txt").write_text("secret\n")
    outcome = certstrap(*P256_ISSUE, "my client", "--passphrase", "ca's", *KEY_FILE)
    words = shlex.split(outcome.lines[-1].partition("certstrap ")[2].partition(" writes such")[0])
    certstrap(*words, "--passphrase", "secret")
    assert (folder / "out/my_client.pkcs8.key").is_file()


@pytest.mark.parametrize("lines", ["", "secret\n"])
def test_without_a_terminal_it_asks_nothing(
    certstrap: CommandLine, folder: Path, lines: str
) -> None:
    certstrap("init", "--curve", "P-256", "--cn", "Cert", "--passphrase", "secret")
    certstrap.refuses(
        *P256_ISSUE, "a", input=lines, sentence="A key is encrypted", hint="--passphrase-file"
    )


OTHER_NAMES = "out/a.{} has other alternative names than those asked for."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--domain", "b.example"), OTHER_NAMES),
        (("--domain", "a.example,b.example"), OTHER_NAMES),
        (("--curve", "P-384"), "out/a.key is a key of kind P-256, not P-384."),
        (("--key-bits", "2048"), "out/a.key is a key of kind P-256, not RSA 2048."),
    ],
)
@pytest.mark.parametrize("signed_already", [True, False])
def test_what_is_there_is_not_passed_off_as_what_was_asked_for(
    certstrap: CommandLine,
    folder: Path,
    options: tuple[str, ...],
    sentence: str,
    signed_already: bool,
) -> None:
    certstrap(*CA, "Cert")
    certstrap(*REQUEST, "a", "--domain", "a.example")
    if signed_already:
        certstrap("sign", "a")
    sentence = sentence.format("crt" if signed_already else "csr")
    certstrap.refuses("issue", "a", *options, sentence=sentence, hint="choose another name")


@pytest.mark.parametrize("signed_already", [True, False])
def test_files_that_do_not_belong_together_are_refused(
    certstrap: CommandLine, folder: Path, signed_already: bool
) -> None:
    certstrap(*CA, "Cert")
    certstrap(*REQUEST, "a")
    if signed_already:
        certstrap("sign", "a")
    (folder / "out/a.key").unlink()
    foreign.write(folder / "out/a.key", foreign.key_data(P256.generate()))
    path = "out/a.crt" if signed_already else "out/a.csr"
    sentence = f"out/a.key is not the key of {path}."
    certstrap.refuses("issue", "a", sentence=sentence, hint="belong together")


def test_a_certificate_of_another_ca_is_not_the_one_asked_for(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*P256_ISSUE, "a")
    certstrap(*CA, "Other")
    there = "out/a.crt already exists and is not issued by"
    certstrap.refuses("issue", "a", "--CA", "Other", sentence=f"{there} Other.", hint="another")
    (folder / "out/Cert.crt").unlink()
    certstrap.refuses("issue", "a", sentence=f"{there} a CA of this depot.", hint="another name")


def test_a_certificate_that_has_expired_is_refused(certstrap: CommandLine, folder: Path) -> None:
    certstrap(*P256_ISSUE, "a", "--expires", "1 day")
    certstrap.refuses(
        "issue", "a", now=NOW + timedelta(days=2),
        sentence="out/a.crt expired on 2026-11-24 12:00:00 UTC.",
        hint="Renew it: certstrap renew a",
    )  # fmt: skip


@pytest.mark.parametrize("options", [("--CA", "Root"), ()])
def test_a_client_cannot_have_the_name_of_its_ca(
    certstrap: CommandLine, folder: Path, options: tuple[str, ...]
) -> None:
    name = options[-1] if options else "Cert"
    certstrap.refuses(
        *P256_ISSUE, name, *options,
        sentence=f"{name} is the name of the CA.", hint="another name",
    )  # fmt: skip


def test_a_client_cannot_have_the_name_of_an_intermediate(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap(*CA, "Root", "--path-length", "1")
    certstrap(*REQUEST, "Int")
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    certstrap.refuses(
        "issue", "Int", "--CA", "Root",
        sentence="out/Int.crt is a CA's certificate.", hint="another name",
    )  # fmt: skip


@pytest.mark.parametrize("signed_already", [True, False])
def test_there_is_no_pkcs8_of_a_key_that_is_elsewhere(
    certstrap: CommandLine, folder: Path, signed_already: bool
) -> None:
    certstrap(*CA, "Cert")
    foreign.write(folder / "out/a.csr", foreign.request(subject="a"))
    if signed_already:
        certstrap("issue", "a")
    certstrap.refuses(
        "issue", "a", "--pkcs8", sentence="out/a.key does not exist", hint="export-pkcs8"
    )


@pytest.mark.parametrize("bits", ["0", "1024"])
def test_too_few_bits_are_refused(certstrap: CommandLine, folder: Path, bits: str) -> None:
    certstrap.refuses(
        "issue", "a", "--key-bits", bits,
        sentence=f"An RSA key of {bits} bits is not supported.", hint="2048 to 16384",
    )  # fmt: skip


def test_no_name_is_a_line_that_cannot_be_read(certstrap: CommandLine, folder: Path) -> None:
    for args in ((), ("a", "--from", "list.csv")):
        told = certstrap("issue", *args, exit_code=2).stderr
        assert "name the certificates, or give a list of them with --from FILE" in told


def test_a_ca_certificate_without_its_key_is_reported(certstrap: CommandLine, folder: Path) -> None:
    foreign.write(folder / "out/Cert.crt", foreign.certificate().public_bytes(Encoding.PEM))
    certstrap.refuses(
        *P256_ISSUE, "a", "--CA", "Cert", sentence="There is no private key out/Cert.key."
    )


@pytest.mark.parametrize(
    ("options", "for_server"),
    [
        (("--domain", "web.example"), True),
        (("--ip", "10.0.0.7"), True),
        (("--domain", "web.example", "--profile", "server"), True),
        (("--domain", "web.example", "--profile", "client"), False),
        (("--uri", "spiffe://x/y"), False),
        (("--profile", "both"), False),
    ],
)
def test_who_issues_a_certificate_for_a_server_is_not_told_to_upload_a_ca(
    certstrap: CommandLine, options: tuple[str, ...], *, for_server: bool
) -> None:
    shown = certstrap(*P256_ISSUE, "web", *options).stdout
    assert ("Namespace" in shown) != for_server
    trust = "  Let the clients of your server trust out/Cert.crt.\n"
    given = "  Give your server out/web.crt and out/web.key.\n"
    assert (trust in shown, given in shown) == (for_server, for_server)
    check = "  Check it as its clients do: certstrap verify web --server"
    assert (check in shown) == for_server
