using System;
using System.IO;
using System.Threading.Tasks;
using Temporalio.Client;
using Temporalio.Worker;

var client = await Connection.ConnectAsync();
Console.WriteLine($"Connected to {client.Options.Namespace}.");

public static class Connection
{
    public static async Task<TemporalClient> ConnectAsync() => await TemporalClient.ConnectAsync(
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

    // Run this beside a worker, which then uses a renewed certificate without a restart.
    public static async Task RefreshAsync(TemporalWorker worker)
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromMinutes(10));
            try
            {
                worker.Client = await ConnectAsync();
            }
            catch (Exception error)
            {
                Console.Error.WriteLine(
                    $"The worker keeps its client, as a new one cannot connect: {error.Message}");
            }
        }
    }
}
