"""A real Temporal server on the loopback, behind a proxy that demands our clients' certificates.

The server is the development server of the `temporal` command, which has no TLS. In front of it,
Envoy ends mTLS. Both come with the extra ``server`` of pyproject.toml.
"""

import http.client
import json
import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server
from typing import Any

from tests import programs
from tests.interop import peers

NAMESPACE = "your-namespace.acct"
_ENVOY = "type.googleapis.com/envoy"


def temporal() -> str:
    """Return the path of the `temporal` command."""
    what = "the temporal command (pip install '.[server]')"
    return peers.program("temporal", asked="--version", answers="temporal version", what=what)


def waited_for(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Return whether something holds in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def temporal_server() -> Iterator[int]:
    """Run a server with the Namespace `NAMESPACE`, and return its port."""
    command = temporal()
    port = free_port()
    server = programs.start(
        command, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port),
        "--namespace", NAMESPACE, "--log-level", "never",
        stdout=programs.NOWHERE,
    )  # fmt: skip
    describe = (command, "operator", "namespace", "describe", NAMESPACE,
                "--address", f"127.0.0.1:{port}")  # fmt: skip
    try:
        assert waited_for(lambda: listens(port))
        assert waited_for(lambda: programs.run(*describe, exit_code=None).exit_code == 0)
        yield port
    finally:
        server.kill()
        programs.end(server)


class Proxy:
    """What admits clients to a Temporal server: the file of a Namespace, and CRLs."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._admin = free_port()
        self._folder = folder

    def trust(self, cas: bytes, crls: bytes) -> None:
        """Admit the clients of other CAs from now on, unless they are on a CRL."""
        runs = listens(self._admin)
        loaded = self._loaded() if runs else 0
        trusted = {"trusted_ca": {"inline_bytes": _base64(cas)}}
        if crls:
            trusted["crl"] = {"inline_bytes": _base64(crls)}
        secret = {
            "@type": f"{_ENVOY}.extensions.transport_sockets.tls.v3.Secret",
            "name": "clients",
            "validation_context": trusted,
        }
        file = self._folder / "clients.json"
        new = file.with_suffix(".new")
        new.write_text(json.dumps({"resources": [secret]}), encoding="utf-8")
        os.replace(new, file)  # the proxy looks at files that are moved to their place
        if runs:
            assert waited_for(lambda: self._loaded() > loaded)

    def serials(self, method: str = "") -> set[int]:
        """Return the serial numbers of the certificates with which a method was called."""
        calls = (line.split() for line in self._log.read_text(encoding="utf-8").splitlines())
        return {int(serial, 16) for serial, path in calls if path.endswith(method)}

    @property
    def _log(self) -> Path:
        return self._folder / "calls.log"

    def _loaded(self) -> int:
        """Return how often it has loaded what it trusts."""
        connection = http.client.HTTPConnection("127.0.0.1", self._admin)
        connection.request("GET", "/stats?filter=ssl_context_update_by_sds")
        answer = connection.getresponse().read().decode()
        connection.close()
        return int(answer.rpartition(":")[2])

    def _configuration(self, server: int, certificate: Path, key: Path, seconds: float) -> Any:
        manager = {
            "@type": f"{_ENVOY}.extensions.filters.network.http_connection_manager.v3"
            ".HttpConnectionManager",
            "stat_prefix": "clients",
            "codec_type": "HTTP2",
            "stream_idle_timeout": "0s",
            "drain_timeout": "0.1s",
            "access_log": [
                {
                    "name": "calls",
                    "typed_config": {
                        "@type": f"{_ENVOY}.extensions.access_loggers.file.v3.FileAccessLog",
                        "path": str(self._log),
                        "log_format": {
                            "text_format_source": {
                                "inline_string": "%DOWNSTREAM_PEER_SERIAL% %REQ(:PATH)%\n"
                            }
                        },
                    },
                }
            ],
            "http_filters": [
                {
                    "name": "router",
                    "typed_config": {"@type": f"{_ENVOY}.extensions.filters.http.router.v3.Router"},
                }
            ],
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [
                            {
                                "match": {"prefix": "/"},
                                "route": {"cluster": "temporal", "timeout": "0s"},
                            }
                        ],
                    }
                ]
            },
        }
        if seconds:
            manager["common_http_protocol_options"] = {"max_connection_duration": f"{seconds}s"}
        tls = {
            "@type": f"{_ENVOY}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": True,
            "disable_stateless_session_resumption": True,
            "common_tls_context": {
                "alpn_protocols": ["h2"],
                "tls_params": {
                    # By default it takes no signature with P-521.
                    "signature_algorithms": [
                        "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384",
                        "ecdsa_secp521r1_sha512", "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384",
                        "rsa_pss_rsae_sha512",
                    ]
                },
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": str(certificate)},
                        "private_key": {"filename": str(key)},
                    }
                ],
                "validation_context_sds_secret_config": {
                    "name": "clients",
                    "sds_config": {
                        "resource_api_version": "V3",
                        "path_config_source": {"path": str(self._folder / "clients.json")},
                    },
                },
            },
        }  # fmt: skip
        http2 = f"{_ENVOY}.extensions.upstreams.http.v3.HttpProtocolOptions"
        return {
            "node": {"id": "proxy", "cluster": "tests"},
            "admin": _at(self._admin),
            "static_resources": {
                "clusters": [
                    {
                        "name": "temporal",
                        "type": "STATIC",
                        "typed_extension_protocol_options": {
                            http2.removeprefix("type.googleapis.com/"): {
                                "@type": http2,
                                "explicit_http_config": {"http2_protocol_options": {}},
                            }
                        },
                        "load_assignment": {
                            "cluster_name": "temporal",
                            "endpoints": [{"lb_endpoints": [{"endpoint": _at(server)}]}],
                        },
                    }
                ],
                "listeners": [
                    {
                        "name": "clients",
                        **_at(self.port),
                        "filter_chains": [
                            {
                                "transport_socket": {"name": "tls", "typed_config": tls},
                                "filters": [{"name": "http", "typed_config": manager}],
                            }
                        ],
                    }
                ],
            },
        }


@contextmanager
def proxy_of(
    server: int, folder: Path, identity: tuple[Path, Path], cas: bytes, crls: bytes = b"",
    *, seconds: float = 0,
) -> Iterator[Proxy]:  # fmt: skip
    """Run a proxy in front of a server.

    Args:
        server: the port of the server.
        folder: where it keeps its files.
        identity: its own certificate and key.
        cas: the CAs whose clients it admits.
        crls: the CRLs of all of these and of their intermediates.
        seconds: how long a connection lasts; without end if 0.
    """
    envoy = peers.program("envoy", asked="--version", answers=r".*envoy *version",
                          what="Envoy (pip install '.[server]')")  # fmt: skip
    folder.mkdir()
    proxy = Proxy(folder)
    proxy.trust(cas, crls)
    configuration = folder / "envoy.json"
    configuration.write_text(json.dumps(proxy._configuration(server, *identity, seconds)))
    process = programs.start(
        envoy, "-c", configuration, "--concurrency", "1", "--disable-hot-restart",
        "--file-flush-interval-msec", "50", "--log-level", "error",
        stdout=programs.NOWHERE,
    )  # fmt: skip
    try:
        assert waited_for(lambda: process.poll() is not None or listens(proxy.port))
        yield proxy
    finally:
        process.kill()
        print(programs.end(process).stderr)  # noqa: T201 - shown if a test fails


def _at(port: int) -> Any:
    return {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def listens(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
