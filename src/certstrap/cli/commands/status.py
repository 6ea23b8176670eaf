"""``certstrap status``."""

from collections.abc import Iterable, Iterator
from functools import partial

import typer

from certstrap.cli import completion, options
from certstrap.cli.context import Context, prints_to_terminal
from certstrap.cli.render import status as render
from certstrap.cli.session import new_session
from certstrap.cli.terminal import (
    FOUND,
    draw_lines,
    is_picture,
    print_lines,
    progress,
    save_pictures,
    say,
    warn,
)
from certstrap.errors import NotFoundError, PathTakenError
from certstrap.inventory.status import KINDS, Status, look
from certstrap.pki.validity import Expiry
from certstrap.session import Session
from certstrap.store.depot import CERTIFICATE, CRL, KEY, REQUEST, Name
from certstrap.store.files import PUBLIC_MODE
from certstrap.store.transaction import Transaction, exists, require_apart
from certstrap.text import escaped, quoted

EXAMPLES = (
    "certstrap status",
    "certstrap status --expiring 30d",
    "certstrap status --html status.html",
)
FORMATS = ("text", "prometheus")
_DELAY = 1.0  # seconds without a bar: most depots are read by then


def command(
    context: Context,
    names: list[str] = options.argument(
        "[NAME]...", "The names to show. Default: all.", completion.stems, default=()
    ),
    kind: str = options.value(
        "--kind", "KIND", f"Show only one kind: {', '.join(KINDS)}.", completion.words(KINDS)
    ),
    expiring: str = options.value(
        "--expiring",
        "TIME",
        "List only what expires within that time (30d, 2027-12-31), or has expired. The "
        "exit status is 3 if there is any.",
    ),
    as_json: bool = options.AS_JSON,
    form: str = options.value(
        "--format",
        "FORMAT",
        f"The output format: {' or '.join(FORMATS)}.",
        completion.words(FORMATS),
        default="text",
    ),
    svg: str = options.file_or_device(
        "--svg", "Save the picture to FILE as SVG, also in the place of an older one."
    ),
    html: str = options.file_or_device("--html", "The same as HTML."),
) -> None:
    """Show what a depot contains, and when it expires.

    The exit status is 3 if a file cannot be read.
    """
    options.one_of("kind", kind, KINDS)
    options.one_of("format", form, FORMATS)
    options.refuse_if(
        form == "prometheus" and (as_json or expiring),
        "--format prometheus cannot be used with --json or --expiring",
    )
    options.refuse_if(
        (svg or html) and (as_json or form != FORMATS[0]),
        "--svg and --html go with neither --json nor --format prometheus",
    )
    session = new_session(context)
    limit = Expiry.parse(expiring).after(session.now) if expiring else None
    pictures = list(filter(None, (svg, html)))
    _require_pictures(session, *pictures)  # before a large depot is read
    with progress("Reading the depot", _DELAY) as report:
        whole = look(session.depot, session.now, report)
    status = whole.only(_stems(session, whole, names), kind)
    listing = render.Listing(whole, status, limit, context.named_depot)
    if pictures:
        say(*session.transact(lambda new: _save(session, new, listing, svg, html), pictures))
    elif form == "prometheus":
        print_lines(render.metrics(status))
    elif as_json:
        print_lines(render.document(listing))
    elif prints_to_terminal():
        draw_lines(lambda width: render.drawing(listing, width))
    else:
        print_lines(render.lines(listing))
    unreadable = [finding.sentence for finding in status.unreadable()]
    if limit or form == "prometheus":  # which show no problems of other files
        warn(*map(escaped, unreadable))
    if unreadable or (limit and status.ending_by(limit)):
        raise typer.Exit(FOUND)


def _stems(session: Session, status: Status, names: Iterable[str]) -> Iterator[str]:
    """Yield the stems of names, which are all in the depot."""
    stems = {item.stem for item in status.items}
    for name in names:
        stem = session.depot.find(Name.parse(name), KEY, REQUEST, CERTIFICATE, CRL).stem
        if stem not in stems:
            raise NotFoundError("file of the name", quoted(name), NotFoundError.IN_DEPOT)
        yield stem


def _save(
    session: Session, new: Transaction, listing: render.Listing, svg: str, html: str
) -> list[str]:
    """Save the pictures, also in the place of older ones, and return a line on each."""
    pictures, lines = save_pictures(lambda width: render.drawing(listing, width), listing.title), []
    for path, picture in zip((svg, html), pictures, strict=True):
        if path:
            is_own = partial(_is_picture, session, path)
            done = new.add_or_replace(path, picture.encode(), PUBLIC_MODE, is_own)
            lines.append(f"{done} {path}")
    return lines


def _require_pictures(session: Session, *paths: str) -> None:
    """Refuse files that exist and are no pictures, and one file for two."""
    for number, path in enumerate(paths):
        require_apart(path, *paths[:number])
        if exists(session.depot, path) and not _is_picture(session, path):
            raise PathTakenError(path)


def _is_picture(session: Session, path: str) -> bool:
    return is_picture(session.read(path, "picture").decode(errors="replace"))
