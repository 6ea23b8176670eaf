// A worker for the program that `connect` prints for TypeScript.
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { connectWorker, refresh } from './connect.js';

const worker = await Worker.create({
  connection: await connectWorker(),
  namespace: 'your-namespace.acct',
  taskQueue: process.env.QUEUE!,
  workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)),
});
refresh(worker, 0.5);
await worker.run();
