import { readFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';

async function connect() {
  const connection = await Connection.connect({
    address: 'ADDRESS',
    tls: {
      clientCertPair: {
        crt: await readFile('CERTIFICATE'),
        key: await readFile('KEY'),
      },
      serverNameOverride: 'SERVER_NAME', // if SERVER_NAME
      serverRootCACertificate: await readFile('SERVER_CA'), // if SERVER_CA
    },
  });
  return new Client({ connection, namespace: 'NAMESPACE' });
}

connect().then(
  async (client) => {
    console.log('Connected.');
    await client.connection.close();
  },
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
