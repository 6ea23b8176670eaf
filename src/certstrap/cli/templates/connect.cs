using System;
using System.IO;
using Temporalio.Client;

var client = await TemporalClient.ConnectAsync(
    new("ADDRESS")
    {
        Namespace = "NAMESPACE",
        Tls = new()
        {
            ClientCert = await File.ReadAllBytesAsync("CERTIFICATE"),
            ClientPrivateKey = await File.ReadAllBytesAsync("KEY"),
            Domain = "SERVER_NAME", // if SERVER_NAME
            ServerRootCACert = await File.ReadAllBytesAsync("SERVER_CA"), // if SERVER_CA
        },
    });
Console.WriteLine($"Connected to {client.Options.Namespace}.");
