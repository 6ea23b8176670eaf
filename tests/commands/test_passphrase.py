"""``certstrap passphrase``."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certstrap.pki import key_files
from tests.builders import DATA, foreign
from tests.builders.depots import NEW_KEY, UNUSED, init, issue
from tests.builders.keys import ED448_KEY, LEAF_KEY, an_rsa_key, key_data, public
from tests.cli.terminal import AGAIN, ENTER, ends, terminal
from tests.conftest import CommandLine, snapshot

OLD = "Enter old passphrase: "
REPLACEMENT = "Enter new passphrase (empty for no passphrase): "
ENCRYPTED = "Updated out/client.key (encrypted by passphrase)\n"
PLAIN = "Updated out/client.key (not encrypted)\n"

pytestmark = pytest.mark.depot(init(), issue("client"))


def opened_by(path: Path, secret: str) -> bool:
    """Return whether a passphrase, and only one, opens a key: the empty one if it is open."""
    _, opened = key_files.load(path.read_bytes(), str(path), secret.encode)
    return opened == secret.encode()


@pytest.fixture
def key(depot: Path) -> Path:
    """The key of the client, encrypted by ``one``; the files ``1`` and ``2`` have passphrases."""
    Path("1").write_text("one\n")
    Path("2").write_text("two\nanother line\n")
    CommandLine()("passphrase", "client", "--passphrase", "one")
    return depot / "client.key"


def test_a_key_that_is_not_encrypted_is_encrypted_now(certstrap: CommandLine, depot: Path) -> None:
    before = foreign.load_key(depot / "client.key")
    mode = (depot / "client.key").stat().st_mode
    rest = {name: each for name, each in snapshot(depot).items() if name != "client.key"}
    assert certstrap("passphrase", "client", input="one\none\n").stdout == ENCRYPTED
    after = foreign.load_key(depot / "client.key", b"one")
    assert public(before) == public(after)
    assert (depot / "client.key").stat().st_mode == mode
    assert {name: each for name, each in snapshot(depot).items() if name != "client.key"} == rest


@pytest.mark.parametrize(
    ("options", "environ", "lines"),
    [
        (("--old-passphrase-file", "1", "--passphrase-file", "2"), {}, ""),
        (("--old-passphrase-file", "-", "--passphrase-file", "2"), {}, "one\n"),
        (("--old-passphrase-file", "1", "--passphrase-file", "-"), {}, "two\n"),
        (("--old-passphrase-file", "1", "--passphrase", "two"), {}, ""),
        (("--old-passphrase-file", "1"), {}, "two\ntwo\n"),
        (("--old-passphrase-file", "1"), {"CERTSTRAP_PASSPHRASE": "x"}, "two\ntwo\n"),
        (("--passphrase-file", "2"), {}, "one\n"),
        (("--passphrase-file", "2"), {"CERTSTRAP_PASSPHRASE": "one"}, ""),
        ((), {"CERTSTRAP_PASSPHRASE": "one"}, "two\ntwo\n"),
        ((), {}, "one\ntwo\ntwo\n"),
    ],
)
def test_the_passphrase_is_changed_wherever_the_two_come_from(
    certstrap: CommandLine,
    key: Path,
    options: tuple[str, ...],
    environ: Mapping[str, str],
    lines: str,
) -> None:
    outcome = certstrap("passphrase", "client", *options, environ=environ, input=lines)
    assert outcome.stdout == ENCRYPTED
    assert opened_by(key, "two")


@pytest.mark.parametrize(
    ("options", "lines"),
    [(("--no-passphrase",), ""), (("--passphrase", ""), ""), ((), "\n\n")],
)
def test_the_passphrase_is_removed(
    certstrap: CommandLine, key: Path, options: tuple[str, ...], lines: str
) -> None:
    command = ("passphrase", "client", "--old-passphrase-file", "1", *options)
    assert certstrap(*command, input=lines).stdout == PLAIN
    foreign.load_key(key)


def test_what_would_change_nothing_says_so(certstrap: CommandLine, key: Path) -> None:
    before = snapshot(key.parent)
    same = ("--old-passphrase-file", "1", "--passphrase", "one")
    has = "out/client.key already has this passphrase: nothing was changed.\n"
    assert certstrap("passphrase", "client", *same).stdout == has
    none = "out/Cert.key is not encrypted: nothing was changed.\n"
    assert certstrap("passphrase", "Cert", "--no-passphrase").stdout == none
    unused = f"--old-passphrase-file {UNUSED}"
    command = ("passphrase", "Cert", "--old-passphrase-file", "1", "--no-passphrase")
    assert certstrap(*command, stderr=unused).stdout == none
    assert snapshot(key.parent) == before


WITHOUT = "Hint: Use --old-passphrase-file FILE or CERTSTRAP_PASSPHRASE."
NOT_NEW = "Hint: Use --passphrase-file FILE; with --no-passphrase, the key is not encrypted."


@pytest.mark.parametrize(
    ("options", "lines", "sentence", "hint"),
    [
        (("--old-passphrase-file", "2"), "", "The passphrase does not decrypt out/client.key.", ""),
        ((), "two\nnew\nnew\n", "The passphrase does not decrypt out/client.key.", "Try again"),
        ((), "", "A passphrase is needed, and there is neither a terminal nor a line", WITHOUT),
        (("--no-passphrase",), "\n", "The key is encrypted, and no passphrase was", WITHOUT),
        ((), "one\n", "A passphrase is needed, and there is neither a terminal nor", NOT_NEW),
        ((), "one\nnew\n", "A passphrase is needed, and there is neither a terminal", NOT_NEW),
        ((), "one\nnew\nold\n", "Passphrases do not match.", "Run the command again."),
        (("--old-passphrase-file", "0"), "", "There is no passphrase file 0.", ""),
        (("--old-passphrase-file", "-"), "\n", "Standard input has no passphrase.", "not encr"),
        (("--old-passphrase-file", "1", "--passphrase-file", "0"), "", "There is no pass", ""),
        (("--old-passphrase-file=-", "--passphrase-file=-"), "", "Both --old-passphrase-f", "-."),
    ],
)
def test_a_passphrase_that_is_wrong_or_missing_leaves_the_depot_as_it_was(
    certstrap: CommandLine,
    key: Path,
    options: tuple[str, ...],
    lines: str,
    sentence: str,
    hint: str,
) -> None:
    hint = hint.removesuffix("-.")
    certstrap.refuses("passphrase", "client", *options, input=lines, sentence=sentence, hint=hint)
    assert opened_by(key, "one")


def test_on_a_terminal_the_old_one_is_asked_for_and_the_new_one_twice(
    folder: Path, key: Path
) -> None:
    with terminal(folder, "passphrase", "client") as child:
        for prompt, typed in ((OLD, "one"), (REPLACEMENT, "two"), (AGAIN, "two")):
            child.expect_exact(prompt)
            child.send(typed + ENTER)
        assert ends(child) == "\n" + ENCRYPTED
    assert opened_by(key, "two")
    with terminal(folder, "passphrase", "Cert") as child:
        for prompt in (REPLACEMENT, AGAIN):
            child.expect_exact(prompt)
            child.send("ca" + ENTER)
        assert OLD not in ends(child)
    with terminal(folder, "passphrase", "client") as child:
        child.expect_exact(OLD)
        child.send("wrong" + ENTER)
        assert REPLACEMENT not in ends(child, 1)


FORMS = {
    "PKCS#1": key_data(an_rsa_key(2048), form=PrivateFormat.TraditionalOpenSSL),
    "SEC1": key_data(LEAF_KEY, form=PrivateFormat.TraditionalOpenSSL),
    "PKCS#8": key_data(LEAF_KEY),
    "DER": key_data(LEAF_KEY, encoding=Encoding.DER),
    "Ed448": key_data(ED448_KEY),
    "encrypted PKCS#8": key_data(LEAF_KEY, passphrase=b"123456"),
    "OpenSSL's PEM": key_data(
        LEAF_KEY, form=PrivateFormat.TraditionalOpenSSL, passphrase=b"123456"
    ),
    **{
        f"{name} of certstrap": (DATA / f"{name}.key").read_bytes()
        for name in ("EC_Enc", "Ed_Enc", "RSA_Enc", "RSA_Clear", "EC_Clear")
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_in_any_form_is_written_as_other_commands_write_it(
    certstrap: CommandLine, folder: Path, form: str
) -> None:
    path = folder / "out/x.key"
    foreign.write(path, FORMS[form])
    old, _ = key_files.load(FORMS[form], "x", lambda: b"123456")
    given = {"CERTSTRAP_PASSPHRASE": "123456"}
    certstrap("passphrase", "x", "--passphrase", "two", environ=given)
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert public(foreign.load_key(path, b"two")) == public(old)
    given = {"CERTSTRAP_PASSPHRASE": "two"}
    certstrap("passphrase", "x", "--no-passphrase", environ=given)
    begin = b"-----BEGIN RSA PRIVATE" if "RSA" in str(old) else b"-----BEGIN PRIVATE"
    assert path.read_bytes().startswith(begin)
    assert public(foreign.load_key(path)) == public(old)


def test_the_mode_and_the_owner_stay(certstrap: CommandLine, depot: Path) -> None:
    path = depot / "client.key"
    path.chmod(0o440)
    owner = 12_345 if os.geteuid() == 0 else os.geteuid()
    os.chown(path, owner, -1)
    certstrap("passphrase", "client", "--passphrase", "p")
    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o440, owner)


def test_earlier_keys_in_the_archive_change_with_it_and_copies_are_named(
    certstrap: CommandLine, folder: Path, depot: Path
) -> None:
    certstrap("export-pkcs8", "client")
    certstrap("export-pkcs12", "client", "--no-passphrase")
    certstrap("renew", "client", "--new-key")
    certstrap("renew", "client", "--undo")  # the archive has the same key now
    certstrap("renew", "client", "--new-key")
    archived = [
        path for path in sorted((depot / "archive").glob("*.key")) if ".pkcs8" not in path.name
    ]
    assert len(archived) == 3
    other, first = archived[0], public(foreign.load_key(archived[1]))
    other.unlink()
    foreign.write(other, key_data(LEAF_KEY, passphrase=b"its own"), 0o400)
    before = other.read_bytes()
    shown = certstrap("passphrase", "client", "--passphrase", "p").stdout
    assert opened_by(depot / "client.key", "p")
    assert public(foreign.load_key(archived[1], b"p")) == first
    assert opened_by(archived[2], "p")
    assert other.read_bytes() == before
    for path in archived[1:]:
        assert f"Updated out/archive/{path.name} (encrypted by passphrase)\n" in shown
    for suffix in ("pkcs8", "pkcs12"):
        file = "client.p12" if suffix == "pkcs12" else "client.pkcs8.key"
        again = f"certstrap export-{suffix} client" + " --encrypt" * (suffix == "pkcs8")
        assert (
            f"out/{file} has a copy of the key as it was before. Move it away, and write it "
            f"again: {again}\n"
        ) in shown
    for path in (*depot.glob("archive/*.p12"), *depot.glob("archive/*.pkcs8.key")):
        assert (
            f"out/archive/{path.name} has not changed. Remove it if no client needs it.\n" in shown
        )


def test_a_hard_link_is_named_because_it_keeps_the_key_as_it_was(
    certstrap: CommandLine, folder: Path, depot: Path
) -> None:
    (folder / "elsewhere.key").hardlink_to(depot / "client.key")
    shown = certstrap("passphrase", "client", "--passphrase", "p").stdout
    said = "Another hard link to out/client.key has not changed. Remove it.\n"
    assert shown == ENCRYPTED + said
    assert opened_by(folder / "elsewhere.key", "")
    Path("p").write_text("p\n")
    again = certstrap("passphrase", "client", "--old-passphrase-file", "p", "--no-passphrase")
    assert again.stdout == PLAIN


def test_what_cannot_be_changed_in_its_place_is_refused(
    certstrap: CommandLine, folder: Path, depot: Path
) -> None:
    certstrap("export-pkcs8", "client")
    new = ("--passphrase", "p")
    sentence = "out/client.pkcs8.key is the PKCS#8 form of another key."
    certstrap.refuses("passphrase", "client.pkcs8", *new, sentence=sentence, hint="Name that key.")
    (depot / "client.key").rename(folder / "elsewhere.key")
    (depot / "client.key").symlink_to(folder / "elsewhere.key")
    sentence = "out/client.key is a link, and the key would keep its passphrase."
    certstrap.refuses("passphrase", "client", *new, sentence=sentence, hint="in the place of the")
    both = (folder / "elsewhere.key").read_bytes() + (depot / "client.crt").read_bytes()
    (depot / "client.key").unlink()
    foreign.write(depot / "client.key", both, 0o400)
    sentence = "out/client.key has a certificate too, which would be lost."
    certstrap.refuses("passphrase", "client", *new, sentence=sentence, hint="Keep only the key")
    sentence = "There is no private key out/nobody.key."
    certstrap.refuses("passphrase", "nobody", *new, sentence=sentence, hint="Check the name")


def test_an_encrypted_ca_signs_with_its_new_passphrase_alone(
    certstrap: CommandLine, depot: Path
) -> None:
    certstrap("passphrase", "Cert", "--passphrase", "ca")
    certstrap("issue", "web", *NEW_KEY[:2], "--passphrase", "ca")
    certstrap.refuses("issue", "b", *NEW_KEY, input="", sentence="out/Cert.key is encrypted, and")
