import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';

async function options() {
  return {
    address: 'ADDRESS',
    tls: {
      clientCertPair: {
        crt: await readFile('CERTIFICATE'),
        key: await readFile('KEY'),
      },
      serverNameOverride: 'SERVER_NAME', // if SERVER_NAME
      serverRootCACertificate: await readFile('SERVER_CA'), // if SERVER_CA
    },
  };
}

export async function connect() {
  const connection = await Connection.connect(await options());
  return new Client({ connection, namespace: 'NAMESPACE' });
}

// A worker has a connection of its own: Worker.create({ connection: await connectWorker(), ... })
export async function connectWorker() {
  return NativeConnection.connect(await options());
}

// Run this beside a worker, which then uses a renewed certificate without a restart.
export async function refresh(worker: Worker, seconds = 600) {
  for (;;) {
    await setTimeout(seconds * 1000, undefined, { ref: false });
    try {
      const before = worker.connection;
      worker.connection = await connectWorker();
      await before?.close();
    } catch (error) {
      console.error('The worker keeps its connection, as a new one cannot connect:', error);
    }
  }
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
