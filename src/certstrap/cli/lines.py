"""The lines that the steps print; scripts read them."""

from collections.abc import Callable

from certstrap.authority.create import NewCA
from certstrap.authority.request import NewRequest
from certstrap.authority.sign import Signed
from certstrap.cli.console import say


def say_ca(ca: NewCA, key_file: str = "") -> None:
    """Print what `init` prints."""
    say(f"Read {key_file}" if key_file else _created_key(ca.key_path, ca.encrypted))
    say(f"Created {ca.certificate_path}")
    say(f"Created {ca.crl_path}")


def say_request(request: NewRequest) -> None:
    """Print what `request-cert` prints."""
    if request.key_was_read:
        say(f"Read {request.key_path}")
    else:
        say(_created_key(request.key_path, request.key.encrypted))
    say(f"Created {request.path}")


def say_signed(signed: Signed) -> None:
    """Print what `sign` prints."""
    say(f"Created {signed.path} from {signed.request_path} signed by {signed.ca_key_path}")
    say_changed(signed, say)


def say_changed(signed: Signed, tell: Callable[[str], None]) -> None:
    """Tell what is not as it was asked for."""
    if signed.cut:
        end = signed.certificate.not_valid_after_utc
        tell(f"It ends on {end:%Y-%m-%d}, as its CA does.")
    if signed.left_out:
        tell(f"Not taken over from the request: {', '.join(signed.left_out)}.")


def _created_key(path: str, encrypted: bool) -> str:
    return f"Created {path}" + (" (encrypted by passphrase)" if encrypted else "")
