"""One dash or two: certstrap's options may be written either way, and here they are made one.

Go's flag package takes ``-common-name X``, ``--common-name X``, ``-cn=X`` and ``--stdout=true``.
"""

from collections.abc import Iterable, Sequence

from typer.core import TyperOption

_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


def one_spelling(
    args: Sequence[str], params: Iterable[object], *, interspersed: bool = True
) -> list[str]:
    """Return ``args`` with each known option under its first name; the rest stays as it is.

    Args:
        args: the words behind the command.
        params: the parameters of the command.
        interspersed: whether options may follow the first word that is none.
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
        elif not option.is_flag:
            result += [option.opts[0] + equals + value, *([] if equals else rest[:1])]
            rest = rest if equals else rest[1:]
        elif value not in _FALSE:
            result.append(option.opts[0] + ("" if value in _TRUE else equals + value))
    return result
