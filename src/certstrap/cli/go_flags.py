"""Options as certstrap's scripts write them: as Go's flag package takes them, and empty ones.

certstrap takes ``-common-name X``, ``--common-name X``, ``-cn=X`` and ``--stdout=true``. An option
with an empty value, such as ``--ip ""``, counts as not given.
"""

from collections.abc import Iterable, Sequence

from typer.core import TyperOption

TRUE = {"1", "t", "T", "true", "TRUE", "True"}
FALSE = {"0", "f", "F", "false", "FALSE", "False"}
_WORDS = {word for word in TRUE | FALSE if len(word) > 1}  # after a space; others are names
# An empty passphrase means none; an empty name of its file never does, and is an error.
_MAY_BE_EMPTY = {"--passphrase", "--passphrase-file"}


def with_two_dashes(
    args: Sequence[str], params: Iterable[object], *, interspersed: bool = True
) -> list[str]:
    """Return ``args`` with each known option under its first name; the rest is unchanged.

    Args:
        args: the words after the command.
        params: the parameters of the command.
        interspersed: whether options may follow the first word that is not one.
    """
    options = {
        name.lstrip("-"): param
        for param in params
        if isinstance(param, TyperOption)
        for name in param.opts
    }
    result: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        option = options.get(name) if word.startswith("-") else None
        if word == "--" or (not interspersed and not word.startswith("-")):
            return [*result, word, *rest]
        if option is None:
            # Go has no bundled letters, so -org=Acme must never be read as -o rg=Acme.
            is_long = len(name) > 1 and word.startswith("-") and not word.startswith("--")
            result.append("-" + word if is_long else word)
        elif option.is_flag:
            if not equals and rest[:1] and rest[0] in _WORDS:
                value = rest.pop(0)
            if value not in FALSE:
                result.append(option.opts[0] + ("" if value in TRUE else equals + value))
        else:
            given = [value] if equals else rest[: option.nargs]
            rest = rest if equals else rest[option.nargs :]
            if given != [""] or option.opts[0] in _MAY_BE_EMPTY:
                result += [option.opts[0], *given]
    return result
