"""Programs that connect a client, one a language of Temporal's SDKs."""

from certstrap.cli.render.quoting import double, java_string, single
from certstrap.temporal.connection import Connection

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
