// What @temporalio/client says of each connection in a list: see tests/interop/clients.py.
import { readFileSync } from 'node:fs';
import { Connection } from '@temporalio/client';

const read = (path) => (path ? readFileSync(path) : undefined);

for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
  const [address, name, ca, crt, key] = line.split('\t');
  const tls = {
    serverNameOverride: name || undefined,
    serverRootCACertificate: read(ca),
    clientCertPair: crt ? { crt: read(crt), key: read(key) } : undefined,
  };
  let said = 'connected';
  try {
    const options = { address, tls: ca && tls, connectTimeout: '2s' };
    await (await Connection.connect(options)).close();
  } catch (error) {
    said = `${error.stack} ${error.cause?.stack ?? ''}`;
  }
  process.stdout.write(`${said}\0`);
}
process.exit(0); // a connection that failed goes on trying
