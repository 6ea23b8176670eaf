"""``certstrap filters``."""

import typer

from certstrap.cli import completion, options
from certstrap.cli.context import Context, prints_to_terminal
from certstrap.cli.render import filters as render
from certstrap.cli.session import new_session
from certstrap.cli.terminal import draw, print_json, print_lines, say, say_text, warn
from certstrap.errors import CertstrapError, NotNamedError
from certstrap.store.depot import CERTIFICATE, Entry, Name
from certstrap.store.files import EDITED_MODE, source_of
from certstrap.temporal import filters as of_temporal
from certstrap.temporal.filters import Admission

EXAMPLES = (
    "certstrap filters your-namespace --output filters.json",
    "certstrap filters your-namespace worker",
    "certstrap filters --match filters.json",
)


def command(
    context: Context,
    names: list[str] = options.argument(
        "[NAME]...",
        "The clients to admit; with --match, those to look at. Default there: all.",
        completion.leaves,
        default=(),
    ),
    match: str = options.value(
        "--match", "FILE", "Say for each client of the depot which filter in FILE admits it."
    ),
    output: str = options.value("--output", "FILE", "Write the filters to FILE, a new one."),
    as_json: bool = options.flag("--json", "Print JSON, with --match."),
) -> None:
    """Print certificate filters that admit only these clients.

    The JSON is what tcld imports, and is pasted into the page of the Namespace.
    """
    options.refuse_if(match and output, "--output is for new filters, and --match FILE reads some")
    options.refuse_if(as_json and not match, "--json is for --match FILE: filters are JSON anyway")
    if match:
        _match(context, match, names, as_json=as_json)
    else:
        _make(context, names, options.file_unless_dash(output))


def _make(context: Context, names: list[str], output: str) -> None:
    if not names:
        raise NotNamedError("Must provide a name or --match FILE", options.for_example(EXAMPLES[0]))
    session = new_session(context)

    def make() -> tuple[str, list[Admission]]:
        depot = session.depot
        entries = [depot.find(Name.parse(name), CERTIFICATE) for name in names]
        wanted = [of_temporal.leaf_of(depot, entry) for entry in dict.fromkeys(entries)]
        filters, admissions = of_temporal.filters_for(depot, wanted, session.now)
        return of_temporal.document(filters), admissions

    text, admissions = session.save(make, output, lambda made: f"{made[0]}\n".encode(), EDITED_MODE)
    if output:
        say(f"Created {output}")
    else:
        say_text(f"{text}\n")
    warn(*render.admission_lines(admissions))


def _match(context: Context, path: str, names: list[str], *, as_json: bool) -> None:
    session = new_session(context)
    filters = of_temporal.parse(
        session.read(path, "file with certificate filters"), source_of(path)
    )
    depot = session.depot
    depot.require()
    if names:
        entries = [depot.find(Name.parse(name), CERTIFICATE) for name in names]
        leaves = [of_temporal.leaf_of(depot, entry, admitted=False) for entry in entries]
        unreadable: list[tuple[Entry, CertstrapError]] = []
    else:
        leaves, unreadable = of_temporal.leaves_of(depot)
    found = list(of_temporal.matches(depot, filters, leaves))
    if as_json:
        print_json(render.document(path, found, filters, unreadable))
    elif prints_to_terminal():
        draw(lambda _: render.drawing(found, filters))
    else:
        print_lines(render.lines(found, filters))
    warn(*render.unreadable_lines(unreadable))
    if unreadable:
        raise typer.Exit(1)
