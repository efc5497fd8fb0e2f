import { type Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { annotations, pod } from '../../e2e/support/objects.ts'

export interface Answer {
  status: number | undefined
  /** Whether the answer ends its connection. */
  ends: boolean
  body: string
}

/** Sends the review of a pod that asks for cache `weights`. Without an agent, the connection is new. */
export function sendReview(
  port: number,
  { uid, namespace, agent }: { uid: string; namespace: string; agent?: Agent },
): Promise<Answer> {
  const object = pod({ name: uid, namespace, ...annotations('weights') })
  const resource = { group: '', version: 'v1', resource: 'pods' }
  const said = { uid, resource, namespace, name: uid, operation: 'CREATE', userInfo: {}, object }
  const body = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: said })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const to = { host: '127.0.0.1', port, method: 'POST', path: '/mutate-pods?timeout=5s' }
  return new Promise((resolve, reject) => {
    request({ ...to, headers, agent: agent ?? false, rejectUnauthorized: false }, response => {
      const { statusCode: status, headers } = response
      text(response).then(
        answered => resolve({ status, ends: headers.connection === 'close', body: answered }),
        reject,
      )
    })
      .on('error', reject)
      .end(body)
  })
}
