"""The folder in which a call runs: a depot, and files beside it that the user may name."""

import os
import stat
from random import Random
from typing import NamedTuple

from fuzz import corpus, mutate, objects
from fuzz.corpus import CERTSTRAPS, SECRET

HERE = "up/over/and/here"
"""The current folder of a call, deep enough that ``../..`` stays inside what is watched."""
FIFO = "fifo"
PASSPHRASES = {"secret.txt": SECRET, "certstraps.txt": CERTSTRAPS, "new.txt": "New-" + SECRET}

_OBJECTS = {".crt": "certificate", ".csr": "certificate request", ".crl": "x509 crl"}


class Item(NamedTuple):
    """A file, a folder, a FIFO or a symbolic link; the path is from the current folder."""

    path: str
    kind: int = stat.S_IFREG
    data: bytes = b""
    mode: int = 0o444


State = dict[str, tuple[int, bytes]]
"""The mode and the content of each path below a folder; of a link, where it leads."""


def folder(rng: Random) -> tuple[Item, ...]:
    """Return what is in the current folder before a call: mostly a good depot, with odd parts."""
    base = rng.choice(("ours", "ours", "ours", "certstraps", "both", "none", "empty"))
    depot: dict[str, bytes] = {}
    if base in {"ours", "both"}:
        depot |= corpus.ours()
    if base == "certstraps":
        depot |= corpus.certstraps()
    if base == "both":
        theirs = corpus.certstraps()
        stems = rng.sample(("EC_Clear", "EC_Enc", "Ed_Enc", "P224_Clear", "Ünï", "RSA_Enc"), 2)
        depot |= {file: data for file, data in theirs.items() if file.rpartition(".")[0] in stems}
    items = [_stored(file, data) for file, data in depot.items()]
    if base == "empty":
        items.append(Item("out", stat.S_IFDIR, mode=0o700))
    elif depot and rng.random() < 0.6:
        for _ in range(rng.choice((1, 1, 2, 3, 6))):
            _disturb(rng, items)
    return (*items, *_beside(rng))


def build(root: str, items: tuple[Item, ...]) -> str:
    """Create the items below ``root`` and return the current folder; the umask does not count."""
    here = os.path.join(root, HERE)
    os.makedirs(here)
    for item in items:
        path = os.path.join(here, item.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            continue
        if item.kind == stat.S_IFDIR:
            os.mkdir(path)
        elif item.kind == stat.S_IFIFO:
            os.mkfifo(path)
        elif item.kind == stat.S_IFLNK:
            os.symlink(os.fsdecode(item.data), path)
            continue
        else:
            with open(path, "wb") as file:
                file.write(item.data)
        os.chmod(path, item.mode)
    return here


def state(root: str) -> State:
    """Return everything below ``root``, to compare."""
    found: State = {}
    for entry in os.scandir(root):
        status = entry.stat(follow_symlinks=False)
        content = b""
        if entry.is_symlink():
            content = os.fsencode(os.readlink(entry.path))
        elif stat.S_ISREG(status.st_mode):
            with open(entry.path, "rb") as file:
                content = file.read()
        elif entry.is_dir():
            found |= state(entry.path)
        found[entry.path] = (status.st_mode, content)
    return found


def _stored(file: str, data: bytes) -> Item:
    return Item(f"out/{file}", data=data, mode=0o440 if file.endswith(".key") else 0o444)


def _disturb(rng: Random, items: list[Item]) -> None:
    """Change one item of a depot, remove it, or add another."""
    files = [index for index, item in enumerate(items) if item.kind == stat.S_IFREG]
    if not files:
        return
    at = rng.choice(files)
    item, other = items[at], items[rng.choice(files)]
    suffix = os.path.splitext(item.path)[1]
    way = rng.randrange(12)
    if way <= 3:
        donors = [other.data, rng.choice(corpus.everything())]
        items[at] = item._replace(data=mutate.file_changed(rng, item.data, donors))
    elif way <= 5 and suffix in _OBJECTS:
        whose = rng.choice(
            (os.path.basename(item.path).removesuffix(suffix).replace("a_b", "a b"), "")
        )
        items[at] = item._replace(data=objects.odd(rng, _OBJECTS[suffix], _known(whose)))
    elif way == 6:
        del items[at]
    elif way == 7:
        items[at] = item._replace(data=other.data)
    elif way == 8:
        items[at] = item._replace(
            mode=rng.choice((0o000, 0o400, 0o600, 0o640, 0o644, 0o666, 0o777))
        )
    elif way == 9:
        kind = rng.choice((stat.S_IFDIR, stat.S_IFIFO))
        items[at] = item._replace(kind=kind, mode=0o700)
    elif way == 10:
        targets = ("nowhere", "/dev/null", "/dev/zero", ".", "..", os.path.basename(item.path))
        target = rng.choice((*targets, os.path.basename(other.path), os.path.basename(other.path)))
        items[at] = item._replace(kind=stat.S_IFLNK, data=os.fsencode(target))
    else:
        stem = rng.choice(
            (
                "caf\udce9",
                "_",
                " ",
                "a b",
                "x\n",
                "\u202e",
                "-",
                ".h",
                "client.pkcs8",
                "ö",
                "o\u0308",
            )
        )
        items.append(other._replace(path=f"out/{stem}{rng.choice((suffix, '.crt', '.key', ''))}"))


def _known(whose: str) -> str:
    """Return the name if it is one of ours, whose objects can be made."""
    return (
        whose if whose in {"Cert", "Locked", "Int", "client", "under_int", "pending", "a b"} else ""
    )


_TOML = b"# mine\n[profile.default]\naddress = 'localhost:7233'\n[profile.x.tls]\n"
_FILTERS = b'{"filters": [{"commonName": "client"}, {"organization": "A*", "commonName": "*c"}]}'


def _changed(rng: Random, data: bytes) -> bytes:
    """Return a text with some bytes replaced, repeated or taken out."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        start = rng.randrange(len(changed) + 1)
        end = min(len(changed), start + rng.choice((0, 1, 1, 4, 20)))
        changed[start:end] = rng.choice(
            (b"", bytes(changed[start:end]) * 2, b'"', b"{", b"[", b"*", b"\n", b"\xff", b"\\u0000")
        )
    return bytes(changed)


def _beside(rng: Random) -> tuple[Item, ...]:
    """Return the files beside the depot."""
    kind = rng.choice(tuple(_OBJECTS.values()))
    valid = rng.choice(corpus.everything())
    return (
        *(Item(name, data=text.encode() + b"\n", mode=0o600) for name, text in PASSPHRASES.items()),
        Item("ca.pem", data=corpus.certificate("Cert", ca=True, path_length=1), mode=0o644),
        Item("ca.key", data=corpus.key_pem("Cert"), mode=0o600),
        Item("other.key", data=corpus.key_pem("other"), mode=0o600),
        Item("other.csr", data=corpus.request("other", "other.example")),
        Item("other.pem", data=corpus.certificate("other", "Cert")),
        Item("odd.pem", data=objects.odd(rng, kind)),
        Item("temporal.toml", data=_TOML, mode=rng.choice((0o600, 0o644))),
        Item("odd.toml", data=_changed(rng, _TOML), mode=0o644),
        Item("filters.json", data=_FILTERS, mode=0o644),
        Item("odd.json", data=_changed(rng, _FILTERS), mode=0o644),
        Item(
            "changed.pem",
            data=mutate.file_changed(rng, valid, list(corpus.everything())),
            mode=0o400,
        ),
        Item("empty", mode=0o400),
        Item("folder", stat.S_IFDIR, mode=0o755),
        Item(FIFO, stat.S_IFIFO, mode=0o600),
        Item("link", stat.S_IFLNK, data=b"nowhere"),
        Item("loop", stat.S_IFLNK, data=b"loop"),
    )
