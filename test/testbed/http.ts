import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'

export interface Answer {
  status: number
  body: string
}

/** The CA to trust and the client certificate to present. */
export interface ClientTls {
  ca: string
  cert?: string
  key?: string
}

const TIMEOUT_MS = 5_000

/** Gets a URL over its own connection. Rejects without an answer within five seconds. */
export function httpGet(url: string, tls?: ClientTls): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? tlsRequest : plainRequest
    const call = request(url, { agent: false, timeout: TIMEOUT_MS, ...tls }, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`${url} did not answer within ${TIMEOUT_MS / 1000} s`)))
    call.on('error', reject)
    call.end()
  })
}

/** A probe for `waitUntil` that succeeds if the URL answers with 200. */
export function answersOk(url: string, tls?: ClientTls): () => Promise<string | undefined> {
  return async () => {
    const { status, body } = await httpGet(url, tls)
    return status === 200 ? undefined : `${url} answers ${status}: ${body.slice(0, 500)}`
  }
}
