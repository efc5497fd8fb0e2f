import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Work } from './reviews.ts'

const answer = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  response: z.object({
    uid: z.string(),
    allowed: z.boolean(),
    patch: z.string().optional(),
    warnings: z.array(z.string()).optional(),
  }),
})

const patch = z.array(z.object({ op: z.literal('add'), path: z.string(), value: z.unknown() }))

/**
 * Asks once, and throws if the answer is wrong, because a fast wrong answer does not count. A server that
 * does not decide must echo the uid.
 */
export async function checkAnswer(
  url: string,
  { review, expected, name }: Work,
  decides: boolean,
): Promise<void> {
  const body = JSON.stringify(review)
  const { response } = answer.parse(JSON.parse(await post(url, body)))
  const wrong = (what: string) =>
    new Error(`${url} answers ${name} with ${what}: ${JSON.stringify(response)}`)
  if (response.uid !== Object(review).request.uid) throw wrong('another uid')
  if (!decides) return
  if (response.allowed !== expected.allowed) throw wrong('the wrong verdict')
  const isPatched = response.patch !== undefined
  if (isPatched !== (expected.isPatched ?? false)) throw wrong('or without a patch')
  if (expected.warns && !response.warnings?.length) throw wrong('no warning')
  if (response.patch !== undefined && !mounts(response.patch)) throw wrong('a patch without the mount')
}

/** Whether the pod gets the volume and the mount. */
function mounts(encoded: string): boolean {
  const operations = patch.parse(JSON.parse(Buffer.from(encoded, 'base64').toString()))
  const text = JSON.stringify(operations)
  return ['modelcache--llama-3-3-70b', '/mnt/model', '"readOnly":true'].every(part => text.includes(part))
}

function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    // The bench made the certificate itself.
    const options = { method: 'POST', headers, agent: false, rejectUnauthorized: false, family: 4 }
    request(url, options, response => text(response).then(resolve, reject))
      .on('error', reject)
      .end(body)
  })
}
