import type { Answer } from './erring-front.ts'

/**
 * Answers of a gateway or a broken server that contain secrets and the credentials that it got. None is in
 * the message of a Status, which is meant to be read.
 */
export function leakingAnswers(secret: string): Readonly<Record<string, Answer>> {
  const answer = (status: number, write: (leak: string) => unknown): Answer => {
    return (call, reply) => {
      const { authorization = '' } = call.headers
      const body = write(`${secret} ${authorization}`)
      reply.writeHead(status, { 'x-repeated': authorization, location: `/${secret}` })
      reply.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
  }
  return {
    'a Status': answer(500, leak => {
      return { kind: 'Status', code: 500, reason: 'InternalError', message: 'broken', details: { leak } }
    }),
    'a denial that repeats the credentials': answer(401, leak => `<html>${leak}</html>`),
    'a redirect': answer(302, leak => leak),
    'text that begins as JSON': answer(200, leak => `{"${leak}": 1, ${leak}`),
    text: answer(200, leak => leak),
    'JSON of another shape': answer(200, leak => {
      return { kind: leak, metadata: [leak], items: [{ metadata: leak }, leak] }
    }),
    'objects of another shape': answer(200, leak => {
      const object = { metadata: { resourceVersion: '1', name: 'x' }, spec: leak, data: { leak: [leak] } }
      return { kind: 'List', ...object, items: [{ ...object, data: leak }] }
    }),
    'half an answer': (call, reply) => {
      reply.writeHead(200, { 'content-length': 10_000 })
      reply.write(`${secret} ${JSON.stringify(call.headers)}`, () => reply.destroy())
    },
  }
}
