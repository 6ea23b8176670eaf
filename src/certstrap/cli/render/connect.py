"""The configuration of a client: variables, commands, programs, a secret of Kubernetes."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from shlex import quote

from certstrap.temporal.connect import ClientFiles, Connection

Quote = Callable[[str], str]


def double(text: str) -> str:
    """Return a string in double quotes, as in Python, Go, C# and YAML.

    Go refuses a byte order mark that is not written as an escape.
    """
    return '"' + _escaped(text, '"').replace("\ufeff", "\\ufeff") + '"'


def single(text: str) -> str:
    """Return a string in single quotes, as in TypeScript, Ruby, PHP and fish."""
    return "'" + _escaped(text, "'") + "'"


def java_string(text: str) -> str:
    """Return a string of Java; its source may be read in any encoding that contains ASCII."""
    units = double(text).encode("utf-16-be")
    return "".join(
        chr(unit) if unit < 0x80 else f"\\u{unit:04x}"  # noqa: PLR2004 - ASCII
        for unit in (int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2))
    )


def posix(text: str) -> str:
    """Return a word of a POSIX shell."""
    return quote(text)


def fish(text: str) -> str:
    """Return a word of fish, whose single quotes know a backslash."""
    return single(text)


_POWERSHELL_QUOTES = str.maketrans({c: c * 2 for c in "'\u2018\u2019\u201a\u201b"})


def powershell(text: str) -> str:
    """Return a word of PowerShell, which takes typographic quotes for plain ones."""
    return "'" + text.translate(_POWERSHELL_QUOTES) + "'"


def _escaped(text: str, mark: str) -> str:
    return text.replace("\\", "\\\\").replace(mark, "\\" + mark)


SHELLS: dict[str, Quote] = {"sh": posix, "powershell": powershell, "fish": fish}


PASSWORD = "TEMPORAL_KEY_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable from which the Java program reads the key's passphrase."""


def _block(*lines: str | None) -> str:
    """Return lines as text; those that are None are left out."""
    return "\n".join([*(line for line in lines if line is not None), ""])


def python(connection: Connection) -> str:
    """Return a program for ``temporalio`` of PyPI."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    return _block(
        "import asyncio",
        "from pathlib import Path",
        "",
        "from temporalio.client import Client, TLSConfig",
        "",
        "",
        "async def connect() -> Client:",
        "    return await Client.connect(",
        f"        {double(target.address)},",
        f"        namespace={double(str(target.namespace))},",
        "        tls=TLSConfig(",
        f"            client_cert=Path({double(connection.certificate)}).read_bytes(),",
        f"            client_private_key=Path({double(connection.key)}).read_bytes(),",
        f"            domain={double(name)}," if name else None,
        f"            server_root_ca_cert=Path({double(ca)}).read_bytes()," if ca else None,
        "        ),",
        "    )",
        "",
        "",
        'if __name__ == "__main__":',
        "    asyncio.run(connect())",
        '    print("Connected.")',
    )


def go(connection: Connection) -> str:
    """Return a program for ``go.temporal.io/sdk``."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    return _block(
        "package main",
        "",
        "import (",
        '\t"crypto/tls"',
        '\t"crypto/x509"' if ca else None,
        '\t"log"',
        '\t"os"' if ca else None,
        "",
        '\t"go.temporal.io/sdk/client"',
        ")",
        "",
        "func main() {",
        "\tcertificate, err := tls.LoadX509KeyPair(",
        f"\t\t{double(connection.certificate)},",
        f"\t\t{double(connection.key)},",
        "\t)",
        "\tif err != nil {",
        '\t\tlog.Fatalln("Cannot load the certificate and its key:", err)',
        "\t}",
        *(
            (
                f"\tca, err := os.ReadFile({double(ca)})",
                "\tif err != nil {",
                '\t\tlog.Fatalln("Cannot read the CA of the server:", err)',
                "\t}",
                "\troots := x509.NewCertPool()",
                "\troots.AppendCertsFromPEM(ca)",
            )
            if ca
            else ()
        ),
        "\tconnected, err := client.Dial(client.Options{",
        f"\t\tHostPort:  {double(target.address)},",
        f"\t\tNamespace: {double(str(target.namespace))},",
        "\t\tConnectionOptions: client.ConnectionOptions{",
        "\t\t\tTLS: &tls.Config{",
        "\t\t\t\tCertificates: []tls.Certificate{certificate},",
        f"\t\t\t\tServerName:   {double(name)}," if name else None,
        "\t\t\t\tRootCAs:      roots," if ca else None,
        "\t\t\t},",
        "\t\t},",
        "\t})",
        "\tif err != nil {",
        '\t\tlog.Fatalln("Cannot connect:", err)',
        "\t}",
        "\tdefer connected.Close()",
        '\tlog.Println("Connected.")',
        "}",
    )


def java(connection: Connection) -> str:
    """Return a program for ``io.temporal:temporal-sdk``."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    files = {"certificate": connection.certificate, "ca": ca, "key": connection.key}
    opened = [
        f"InputStream {variable} = Files.newInputStream(Path.of({java_string(path)}))"
        for variable, path in files.items()
        if path
    ]
    authority = f"channel -> channel.overrideAuthority({java_string(name)})"
    password = f'System.getenv("{PASSWORD}")'
    return _block(
        "import io.temporal.client.WorkflowClient;",
        "import io.temporal.client.WorkflowClientOptions;",
        "import io.temporal.serviceclient.SimpleSslContextBuilder;",
        "import io.temporal.serviceclient.WorkflowServiceStubs;",
        "import io.temporal.serviceclient.WorkflowServiceStubsOptions;",
        "import java.io.InputStream;",
        "import java.nio.file.Files;",
        "import java.nio.file.Path;",
        "import java.security.KeyStore;" if ca else None,
        "import java.security.cert.Certificate;" if ca else None,
        "import java.security.cert.CertificateFactory;" if ca else None,
        "import java.time.Duration;",
        "import javax.net.ssl.TrustManagerFactory;" if ca else None,
        "",
        "public class Connect {",
        "  public static void main(String[] args) throws Exception {",
        "    try (",
        *(f"        {line};" for line in opened[:-1]),
        f"        {opened[-1]}) {{",
        *(
            (
                "      KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());",
                "      roots.load(null, null);",
                '      CertificateFactory factory = CertificateFactory.getInstance("X.509");',
                "      for (Certificate root : factory.generateCertificates(ca)) {",
                "        roots.setCertificateEntry(Integer.toString(roots.size()), root);",
                "      }",
                "      String algorithm = TrustManagerFactory.getDefaultAlgorithm();",
                "      TrustManagerFactory trust = TrustManagerFactory.getInstance(algorithm);",
                "      trust.init(roots);",
            )
            if ca
            else ()
        ),
        "      WorkflowServiceStubsOptions options =",
        "          WorkflowServiceStubsOptions.newBuilder()",
        f"              .setTarget({java_string(target.address)})",
        "              .setSslContext(",
        "                  SimpleSslContextBuilder.forPKCS8(certificate, key)",
        f"                      .setKeyPassword({password})" if connection.encrypted else None,
        "                      .setTrustManager(trust.getTrustManagers()[0])" if ca else None,
        "                      .build())",
        f"              .setChannelInitializer({authority})" if name else None,
        "              .build();",
        "      WorkflowServiceStubs service =",
        "          WorkflowServiceStubs.newConnectedServiceStubs(options, Duration.ofSeconds(10));",
        "      WorkflowClient client =",
        "          WorkflowClient.newInstance(",
        "              service,",
        "              WorkflowClientOptions.newBuilder()",
        f"                  .setNamespace({java_string(str(target.namespace))})",
        "                  .build());",
        '      System.out.println("Connected to " + client.getOptions().getNamespace() + ".");',
        "      service.shutdown();",
        "    }",
        "  }",
        "}",
    )


def typescript(connection: Connection) -> str:
    """Return a program for ``@temporalio/client`` of npm; it is JavaScript too."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    return _block(
        "import { readFile } from 'node:fs/promises';",
        "import { Client, Connection } from '@temporalio/client';",
        "",
        "async function connect() {",
        "  const connection = await Connection.connect({",
        f"    address: {single(target.address)},",
        "    tls: {",
        "      clientCertPair: {",
        f"        crt: await readFile({single(connection.certificate)}),",
        f"        key: await readFile({single(connection.key)}),",
        "      },",
        f"      serverNameOverride: {single(name)}," if name else None,
        f"      serverRootCACertificate: await readFile({single(ca)})," if ca else None,
        "    },",
        "  });",
        f"  return new Client({{ connection, namespace: {single(str(target.namespace))} }});",
        "}",
        "",
        "connect().then(",
        "  async (client) => {",
        "    console.log('Connected.');",
        "    await client.connection.close();",
        "  },",
        "  (error) => {",
        "    console.error(error);",
        "    process.exitCode = 1;",
        "  },",
        ");",
    )


def dotnet(connection: Connection) -> str:
    """Return a program in C# for ``Temporalio`` of NuGet."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    return _block(
        "using System;",
        "using System.IO;",
        "using Temporalio.Client;",
        "",
        "var client = await TemporalClient.ConnectAsync(",
        f"    new({double(target.address)})",
        "    {",
        f"        Namespace = {double(str(target.namespace))},",
        "        Tls = new()",
        "        {",
        f"            ClientCert = await File.ReadAllBytesAsync({double(connection.certificate)}),",
        f"            ClientPrivateKey = await File.ReadAllBytesAsync({double(connection.key)}),",
        f"            Domain = {double(name)}," if name else None,
        f"            ServerRootCACert = await File.ReadAllBytesAsync({double(ca)}),"
        if ca
        else None,
        "        },",
        "    });",
        'Console.WriteLine($"Connected to {client.Options.Namespace}.");',
    )


def ruby(connection: Connection) -> str:
    """Return a program for the gem ``temporalio``."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    return _block(
        "require 'temporalio/client'",
        "",
        "client = Temporalio::Client.connect(",
        f"  {single(target.address)},",
        f"  {single(str(target.namespace))},",
        "  tls: Temporalio::Client::Connection::TLSOptions.new(",
        f"    client_cert: File.read({single(connection.certificate)}),",
        f"    client_private_key: File.read({single(connection.key)}),",
        f"    domain: {single(name)}," if name else None,
        f"    server_root_ca_cert: File.read({single(ca)})," if ca else None,
        "  )",
        ")",
        'puts "Connected to #{client.namespace}."',
    )


def php(connection: Connection) -> str:
    """Return a program for ``temporal/sdk`` of Packagist."""
    target = connection.target
    name, ca = target.server_name, target.server_ca
    return _block(
        "<?php",
        "",
        "require 'vendor/autoload.php';",
        "",
        "use Temporal\\Client\\ClientOptions;",
        "use Temporal\\Client\\GRPC\\ServiceClient;",
        "use Temporal\\Client\\WorkflowClient;",
        "",
        "$service = ServiceClient::createSSL(",
        f"    {single(target.address)},",
        f"    crt: {single(ca)}," if ca else None,
        f"    clientKey: {single(connection.key)},",
        f"    clientPem: {single(connection.certificate)},",
        f"    overrideServerName: {single(name)}," if name else None,
        ");",
        "$service->getConnection()->connect(10.0);",
        "$client = WorkflowClient::create(",
        "    $service,",
        f"    (new ClientOptions())->withNamespace({single(str(target.namespace))}),",
        ");",
        'echo "Connected.\\n";',
    )


OLD_VARIABLES = ("TEMPORAL_TLS_CERT", "TEMPORAL_TLS_KEY")
"""What the `temporal` command reads before the variables that all clients read."""

LANGUAGES: dict[str, Callable[[Connection], str]] = {
    "python": python,
    "go": go,
    "java": java,
    "typescript": typescript,
    "dotnet": dotnet,
    "ruby": ruby,
    "php": php,
}
OF_A_SHELL = ("env", "cli")
FORMATS = ("toml", *OF_A_SHELL, *LANGUAGES, "kubernetes")

_LONGEST_NAME = 253  # RFC 1123, as Kubernetes has it


def env(connection: Connection, shell: str) -> str:
    """Return lines that set the variables of a client, for one of `SHELLS`."""
    line = {
        "sh": "export {}={}",
        "powershell": "$env:{} = {}",
        "fish": "set -gx {} {}",
    }[shell]
    settings = _settings(connection)
    return "".join(f"{line.format(key, SHELLS[shell](value))}\n" for key, value in settings.items())


def _settings(connection: Connection) -> dict[str, str]:
    target = connection.target
    every = {
        "TEMPORAL_ADDRESS": target.address,
        "TEMPORAL_NAMESPACE": str(target.namespace),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": connection.certificate,
        "TEMPORAL_TLS_CLIENT_KEY_PATH": connection.key,
        "TEMPORAL_TLS_SERVER_NAME": target.server_name,
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": target.server_ca,
    }
    return {key: value for key, value in every.items() if value}


def cli(connection: Connection, shell: str) -> str:
    """Return a line of the `temporal` command, for one of `SHELLS`."""
    target = connection.target
    options = {
        "--address": target.address,
        "--namespace": str(target.namespace),
        "--tls-cert-path": connection.certificate,
        "--tls-key-path": connection.key,
        "--tls-server-name": target.server_name,
        "--tls-ca-path": target.server_ca,
    }
    words = [f"{key} {SHELLS[shell](value)}" for key, value in options.items() if value]
    return " ".join(["temporal workflow list", *words]) + "\n"


def kubernetes(files: ClientFiles, name: str, ca: bytes) -> str:
    """Return a Secret with a client's files, the key among them.

    Args:
        files: the files.
        name: whose they are; the Secret is named after it.
        ca: the CAs of the server's certificate, or nothing.
    """
    data = {"tls.crt": files.certificate.data, "tls.key": files.key.data, "ca.crt": ca}
    lines = [
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        f"  name: {double(secret_name(name))}",
        "type: kubernetes.io/tls",
        "data:",
        *(f"  {key}: {b64encode(value).decode()}" for key, value in data.items() if value),
    ]
    return "\n".join([*lines, ""])


def secret_name(name: str) -> str:
    """Return the name of a Secret: lower-case letters, digits, hyphens and dots (RFC 1123)."""
    labels = (
        re.sub("[^a-z0-9]+", "-", label).strip("-")
        for label in name.lower()[:_LONGEST_NAME].split(".")
    )
    return ".".join(filter(None, labels)) or "temporal-client"


def old_variable_lines(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the line about old variables that are set in the environment."""
    found = [name for name in OLD_VARIABLES if environ.get(name)]
    if found:
        names, are, them = (
            (found[0], "is", "it") if len(found) == 1 else (" and ".join(found), "are", "them")
        )
        yield (
            f"{names} {are} set: the temporal command uses {them} instead of this configuration. "
            f"Remove {them} with: unset {' '.join(found)}"
        )
