import { ensureFakeGcsServer } from '../testbed/binaries.ts'
import { freePort } from '../testbed/ports.ts'
import { type SpawnedServer, spawnServer } from './spawned-server.ts'

export interface GcsServer extends SpawnedServer {
  createBucket(name: string): Promise<void>
  put(bucket: string, name: string, body: Buffer | string, headers?: Record<string, string>): Promise<void>
}

/** The server of fake-gcs-server, on any loopback port. */
export async function serveGcs(): Promise<GcsServer> {
  const binary = await ensureFakeGcsServer(line => console.error(line))
  const options = [
    '-scheme',
    'http',
    '-host',
    '127.0.0.1',
    '-port',
    `${await freePort()}`,
    '-backend',
    'memory',
  ]
  const served = await spawnServer([binary, ...options], { listens: /server started at (http:[^\s"]+)/ })
  const call = async (
    path: string,
    method: string,
    body: string | Buffer,
    headers: Record<string, string>,
  ) => {
    const reply = await fetch(served.url + path, { method, body: new Uint8Array(Buffer.from(body)), headers })
    if (!reply.ok) throw new Error(`${path} answers ${reply.status}: ${await reply.text()}`)
  }
  return {
    ...served,
    createBucket: name =>
      call('/storage/v1/b', 'POST', JSON.stringify({ name }), { 'content-type': 'application/json' }),
    put: (bucket, name, body, headers = {}) =>
      call(
        `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`,
        'POST',
        body,
        headers,
      ),
  }
}
