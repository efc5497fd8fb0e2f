import { ensureFakeGcsServer } from '../testbed/binaries.ts'
import { type Host, thisMachine } from '../testbed/host.ts'
import { freePort } from '../testbed/ports.ts'
import { type SpawnedServer, spawnServer } from './spawned-server.ts'

export interface GcsServer extends SpawnedServer {
  createBucket(name: string): Promise<void>
  put(bucket: string, name: string, body: Buffer | string, headers?: Record<string, string>): Promise<void>
}

/** The server of fake-gcs-server, on any port of a host. It has a bucket for each folder of `data`. */
export async function serveGcs(
  { enter, address }: Pick<Host, 'enter' | 'address'> = thisMachine,
  data?: string,
): Promise<GcsServer> {
  const binary = await ensureFakeGcsServer(line => console.error(line))
  const listen = ['-scheme', 'http', '-host', address, '-port', `${await freePort()}`]
  const content = ['-backend', 'memory', ...(data === undefined ? [] : ['-data', data])]
  const served = await spawnServer([...enter, binary, ...listen, ...content], {
    listens: /server started at (http:[^\s"]+)/,
  })
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
