"""One spelling of a name never stands for another."""

import shutil
from pathlib import Path

import pytest

from tests.builders import foreign
from tests.builders.depots import NEW_KEY, issue
from tests.cli.terminal import ends, terminal
from tests.conftest import CommandLine

EVIL = 'The certificate is for "evil", the name in it.\n'


pytestmark = pytest.mark.depot(*map(issue, ("m_ller", "team/a", "*.example.com")))
"""A depot with certificates for names whose files other names would have too."""


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize(
    ("typed", "path", "found"),
    [
        ("möller", "out/m_ller.crt", "m_ller"),
        ("møller", "out/m_ller.crt", "m_ller"),
        ("m ller", "out/m_ller.crt", "m_ller"),
        ("team:a", "out/team_a.crt", "team/a"),
        ("team*a", "out/team_a.crt", "team/a"),
        ("?.example.com", "out/_.example.com.crt", "*.example.com"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("export-pkcs8",),
        ("export-pkcs12", "--no-passphrase"),
        ("export-chain",),
        ("sign",),
        ("revoke", "--CN"),
        ("check",),
        ("connect", "--namespace", "your-namespace.acct"),
        ("filters",),
        ("inspect",),
    ],
    ids=" ".join,
)
def test_a_file_of_another_name_is_refused_and_both_names_are_reported(
    certstrap: CommandLine, command: tuple[str, ...], typed: str, path: str, found: str
) -> None:
    shown = path.replace(".crt", ".csr") if command == ("sign",) else path
    refused = certstrap.refuses(
        *command, typed, sentence=f'is for "{found}", and "{typed}" was asked'
    )
    assert refused.stderr.startswith((path, shown))


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("typed", ["team:a", "team*a", "m ller", "?.example.com"])
def test_nothing_new_is_created_next_to_the_files_of_another_name(
    certstrap: CommandLine, typed: str
) -> None:
    for command in (("issue", typed), ("request-cert", "--cn", typed)):
        certstrap.refuses(*command, *NEW_KEY, sentence=f'and "{typed}" was asked for.')
    imported = ("import", typed, "--cert", "out/m_ller.crt")
    certstrap.refuses(*imported, sentence=f'and "{typed}" was asked for.')
    certstrap.refuses(
        "sign", typed, "--csr", "out/m_ller.csr", sentence=f'and "{typed}" was asked for.'
    )


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("typed", ["möller", "東京.example.com"])
def test_a_name_with_files_of_its_own_is_not_blocked_by_a_similar_one(
    certstrap: CommandLine, folder: Path, typed: str
) -> None:
    issued = certstrap("issue", typed, *NEW_KEY)
    assert f"Give your client out/{typed}.crt and out/{typed}.key." in issued.stdout
    before = (folder / "out/m_ller.key").read_bytes()
    certstrap("export-pkcs8", typed)
    assert (folder / f"out/{typed}.pkcs8.key").exists()
    assert (folder / "out/m_ller.key").read_bytes() == before


@pytest.mark.usefixtures("depot")
@pytest.mark.parametrize("typed", ["team/a", "team_a", " team/a "])
def test_the_name_itself_and_the_name_of_its_files_are_both_found(
    certstrap: CommandLine, typed: str
) -> None:
    assert "out/team_a.crt already exists" in certstrap("issue", typed).stdout


@pytest.mark.usefixtures("depot")
def test_a_name_of_two_entries_is_refused_and_both_files_are_reported(
    certstrap: CommandLine, folder: Path
) -> None:
    for suffix in (".key", ".csr", ".crt"):
        copy = (folder / f"out/team_a{suffix}").read_bytes()
        (folder / f"out/team:a{suffix}").write_bytes(copy)
        (folder / f"out/team:a{suffix}").chmod(0o440)
    certstrap("export-pkcs8", "team:a")
    assert "out/team_a.crt already exists" in certstrap("issue", "team/a").stdout


def test_a_ca_is_found_by_its_name_and_by_the_name_of_its_files(certstrap: CommandLine) -> None:
    certstrap("init", "--cn", "Acme, Inc. (Root)", *NEW_KEY)
    for number, ca in enumerate(("Acme, Inc. (Root)", "Acme,_Inc._(Root)")):
        certstrap("request-cert", "--cn", f"leaf{number}", *NEW_KEY)
        signed = certstrap("sign", f"leaf{number}", "--CA", ca)
        assert "signed by out/Acme,_Inc._(Root).key" in signed.stdout
    certstrap("request-cert", "--cn", "leaf2", *NEW_KEY)
    certstrap.refuses("sign", "leaf2", "--CA", "Acme Inc (Root)", sentence="There is no certifica")


def test_a_stray_file_without_a_letter_in_its_name_does_not_stop_a_second_issue(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("issue", "a", *NEW_KEY)
    shutil.copy(folder / "out/a.crt", folder / "out/---.crt")
    assert certstrap("issue", "a").lines[0].startswith("out/a.crt already exists")


def test_a_ca_that_is_named_exactly_signs_and_not_one_with_a_similar_name(
    certstrap: CommandLine, folder: Path
) -> None:
    for name in ("x_y", "x@y"):
        certstrap("init", "--cn", name, *NEW_KEY)
    certstrap("request-cert", "--cn", "leaf", *NEW_KEY)
    certstrap("sign", "leaf", "--CA", "x@y")
    leaf = foreign.load_certificate(folder / "out/leaf.crt")
    leaf.verify_directly_issued_by(foreign.load_certificate(folder / "out/x@y.crt"))


def test_an_only_ca_signs_beside_a_client_with_a_similar_name(
    certstrap: CommandLine, folder: Path
) -> None:
    certstrap("init", "--cn", "x@y", *NEW_KEY)
    certstrap("issue", "x_y", *NEW_KEY)
    certstrap("request-cert", "--cn", "leaf", *NEW_KEY)
    assert certstrap("sign", "leaf").lines[0].endswith(" signed by out/x@y.key")


@pytest.mark.parametrize("broken", ["other.crt", "other.crl", "other.csr", "_.crt"])
def test_a_broken_file_does_not_stop_a_signature_below_an_intermediate(
    certstrap: CommandLine, folder: Path, broken: str
) -> None:
    certstrap("init", "--cn", "Root", "--path-length", "1", *NEW_KEY)
    certstrap("request-cert", "--cn", "Int", *NEW_KEY)
    certstrap("sign", "Int", "--CA", "Root", "--intermediate")
    (folder / "out" / broken).write_text("-----BEGIN CERTIFICATE-----\nbroken")
    certstrap("request-cert", "--cn", "leaf", *NEW_KEY)
    assert certstrap("sign", "leaf", "--CA", "Int").exit_code == 0
    assert certstrap("export-chain", "leaf").exit_code == 0


def test_a_ca_of_another_name_is_refused_and_both_names_are_told(certstrap: CommandLine) -> None:
    typed = "Acme Root"
    certstrap("init", "--cn", "Acme_Root", *NEW_KEY)
    certstrap("issue", "bob", "--CA", "Acme_Root", *NEW_KEY)
    certstrap("request-cert", "--cn", "new", *NEW_KEY)
    found = f'out/Acme_Root.crt is for "Acme_Root", and "{typed}" was asked for.'
    for command in (
        ("sign", "new", "--CA", typed),
        ("issue", "bob", "--CA", typed),
        ("revoke", "--CN", "bob", "--CA", typed),
        ("crl", typed),
        ("bundle", typed),
        ("bundle", "--rotate", typed, "bob"),
    ):
        certstrap.refuses(*command, sentence=found)


@pytest.mark.usefixtures("depot")
def test_a_request_of_another_name_is_not_signed(certstrap: CommandLine, folder: Path) -> None:
    (folder / "out/team_a.csr").unlink()
    (folder / "out/m_ller.csr").rename(folder / "out/team_a.csr")
    certstrap.refuses(
        "sign", "team/a", "--cert", "new.crt",
        sentence='out/team_a.csr is for "m_ller", and "team/a" was asked for.',
    )  # fmt: skip


def test_a_key_of_another_name_is_not_exported(certstrap: CommandLine, folder: Path) -> None:
    for name in ("team/a", "b"):
        certstrap("request-cert", "--cn", name, *NEW_KEY)
    (folder / "out/team_a.key").unlink()
    (folder / "out/b.key").rename(folder / "out/team_a.key")
    certstrap.refuses(
        "export-pkcs8", "team/a", sentence="out/team_a.key is not the key of out/team_a.csr."
    )


@pytest.fixture
def filed(certstrap: CommandLine, folder: Path) -> CommandLine:
    """A depot in which the request for "evil" is in a file that is named after another."""
    certstrap("init", "--cn", "Cert", *NEW_KEY)
    foreign.write(folder / "out/good.csr", foreign.request(subject="evil"))
    return certstrap


def test_a_file_with_another_name_in_it_is_reported_by_issue(filed: CommandLine) -> None:
    reported = 'out/good.crt is for "evil", the name in it.'
    for _ in ("when it is signed", "when it exists"):
        assert reported in filed("issue", "good").lines


@pytest.mark.parametrize("again", [False, True])
def test_a_file_with_another_name_in_it_is_reported_by_revoke(
    filed: CommandLine, again: bool
) -> None:
    filed("sign", "good")
    if again:
        filed("revoke", "--CN", "good", stderr=EVIL)
    assert "evil" not in filed("revoke", "--CN", "good", stderr=EVIL).stdout


def test_a_file_named_by_either_rule_is_not_reported(certstrap: CommandLine) -> None:
    for name in ("*.example.com", "Jo Doe", "Jose\u0301"):
        assert "the name in it" not in certstrap("issue", name, *NEW_KEY).stdout
    for typed in ("_.example.com", "Jo_Doe", "José"):
        assert certstrap("revoke", "--CN", typed).stderr == ""


def test_sign_reports_another_name_to_a_person_only(filed: CommandLine, folder: Path) -> None:
    assert len(filed("sign", "good").lines) == 1
    with terminal(folder, "sign", "good", "--cert", "good.crt") as child:
        assert 'good.crt is for "evil", the name in it.' in ends(child)
