import { readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually } from '../e2e/support/cluster.ts'
import {
  annotations,
  classes,
  huggingFace,
  modelCache,
  pod,
  readyStatus,
  soundSpec,
} from '../e2e/support/objects.ts'
import { WEIGHTS_CLAIM } from '../e2e/support/own-plane.ts'
import { runCommand } from '../testbed/command.ts'
import { httpGet } from '../testbed/http.ts'
import { found } from './support/canaries.ts'
import { type CanaryPlane, startCanaryPlane } from './support/canary-plane.ts'
import {
  malformed,
  reviews,
  type Sent,
  secretiveDeployment,
  secretiveFiles,
  secretivePod,
} from './support/canary-reviews.ts'
import { leakingAnswers } from './support/leaking-answers.ts'

// What users entrust to the product must not appear in a log, a metric or an answer. The tests build on one
// another.
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

let plane: CanaryPlane
/** What the webhook answered and kubectl printed. */
const said: string[] = []

beforeAll(async () => {
  plane = await startCanaryPlane()
})
afterAll(() => plane?.[Symbol.asyncDispose]())

async function expectNothingTold(): Promise<void> {
  const { canaries, logs, product } = plane
  const metrics = await Promise.all(
    [product.webhook, product.controller].map(role => httpGet(`${role.healthUrl}/metrics`)),
  )
  const [ofWebhook, ofController] = await logs()
  expect({
    'log of the webhook': found(canaries, ofWebhook ?? ''),
    'log of the controller': found(canaries, ofController ?? ''),
    metrics: found(canaries, metrics.map(({ body }) => body).join('')),
    answers: found(canaries, said.join('\n')),
  }).toEqual({ 'log of the webhook': [], 'log of the controller': [], metrics: [], answers: [] })
}

const response = z.looseObject({
  response: z.looseObject({ allowed: z.boolean(), patch: z.string().optional() }),
})

/**
 * Sends something to the webhook, with credentials in its headers. Returns the verdict, or the status if
 * there is none.
 */
async function send({ path, body, contentType = 'application/json' }: Sent): Promise<boolean | number> {
  const { canaries, product } = plane
  const agent = new Agent()
  const headers = {
    'content-type': contentType,
    authorization: `Bearer ${canaries.authorization}`,
    cookie: `session=${canaries.authorization}`,
    'x-forwarded-for': canaries.authorization,
  }
  const options = { method: 'POST', rejectUnauthorized: false, agent, headers }
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const call = request(`${product.webhook.url}${path}?timeout=10s`, options, reply => {
    text(reply).then(text => resolve({ status: reply.statusCode ?? 0, text }), reject)
  })
  call.on('error', reject)
  call.end(body)
  const answer = await promise
  said.push(answer.text)
  if (answer.status !== 200) return answer.status
  const { allowed, patch } = response.parse(JSON.parse(answer.text)).response
  said.push(Buffer.from(patch ?? '', 'base64').toString())
  return allowed
}

async function sendAll(all: readonly Sent[]): Promise<(boolean | number)[]> {
  const verdicts = []
  for (const each of all) verdicts.push(await send(each))
  return verdicts
}

test('what is searched for would be found, in base64 too', () => {
  const { canaries } = plane
  for (const [name, canary] of Object.entries(canaries)) {
    for (const before of ['', 'a', 'ab', 'abc']) {
      const around = `{"x":"${before}${canary}"}`
      expect(found(canaries, around)).toEqual([name])
      expect(found(canaries, Buffer.from(around).toString('base64'))).toEqual([name])
    }
  }
})

test('objects that pass through the API server, what is admitted of them and what is denied', async () => {
  const { canaries, cluster, logs } = plane
  const apply = async (object: object) => {
    const { code, stdout, stderr } = await cluster.apply(object)
    said.push(stdout, stderr)
    return { code, stderr }
  }
  const withSecret = (name: string, secretRef: object) =>
    modelCache(
      name,
      soundSpec({ artifact: { kind: 'Weights', source: { huggingFace: { ...huggingFace, secretRef } } } }),
    )
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'hf-token', annotations: { 'example.com/note': canaries.secret } },
    stringData: { token: canaries.secret },
  }
  await cluster.need(...classes, secret, modelCache('weights', soundSpec()), modelCache('never', soundSpec()))
  await cluster.setStatus('modelcache/weights', readyStatus(WEIGHTS_CLAIM))
  await eventually('a cache that is Ready', async () => {
    const trial = await cluster.apply(pod({ name: 'trial', ...annotations('weights') }), '--dry-run=server')
    return trial.code === 0 || undefined
  })

  expect(await apply(withSecret('has-secret', { name: 'hf-token', key: 'token' }))).toMatchObject({ code: 0 })
  expect(await apply(withSecret('has-no-key', { name: 'hf-token', key: 'other' }))).toMatchObject({ code: 0 })
  expect(await apply(secretiveFiles(canaries))).toMatchObject({ code: 0 })
  expect(await apply(secretiveFiles(canaries, { more: canaries.inline ?? '' }))).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('FieldImmutable') },
  })
  expect(await apply(secretivePod(canaries, 'weights'))).toMatchObject({ code: 0 })
  expect(await apply(secretiveDeployment(canaries, 'never'))).toMatchObject({
    ...{ code: 0, stderr: expect.stringContaining('CacheNotReady') },
  })
  const waits = secretivePod(canaries, 'never', { 'modelplane.ai/not-ready': 'Gate' })
  expect(await apply({ ...waits, metadata: { ...waits.metadata, name: 'waits' } })).toMatchObject({ code: 0 })
  const refused = secretivePod(canaries, 'never')
  expect(await apply({ ...refused, metadata: { ...refused.metadata, name: 'refused' } })).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('CacheNotReady') },
  })
  // So that the controller has written to a pod too.
  await cluster.setStatus('modelcache/never', readyStatus('modelcache--never'))
  await eventually('the lift of the gate', async () => {
    const [, log] = await logs()
    return log?.includes('scheduling gate lifted') || undefined
  })
  await cluster.setStatus('modelcache/never', {
    ...readyStatus('modelcache--never'),
    phase: 'Pending',
    conditions: [],
  })
  await expectNothingTold()
})

test('reviews, and what is none', async () => {
  const { canaries, cluster } = plane
  await eventually('a cache that is not Ready', async () => {
    const verdicts = await sendAll(
      reviews(canaries, cluster.namespace).filter(({ body }) => body.includes('"never"')),
    )
    return verdicts.includes(false) || undefined
  })
  const verdicts = await sendAll(reviews(canaries, cluster.namespace))
  expect(verdicts).toContain(true)
  expect(verdicts).toContain(false)
  const statuses = await sendAll(malformed(canaries))
  expect([...new Set(statuses)].sort()).toEqual([400, 404, 415])
  // The connection may be closed meanwhile, which is as good as an answer.
  await send({ path: '/mutate-pods', body: JSON.stringify(canaries.body?.repeat(300_000)) }).catch(() => {})
  await expectNothingTold()
})

test.each(Object.keys(leakingAnswers('')))('while the API server answers with %s', async name => {
  const { canaries, cluster, front, logs } = plane
  const failures = async () =>
    (await logs()).map(log => log.split('"level":40').length + log.split('"level":50').length)
  const before = await failures()
  front.answer(leakingAnswers(canaries.reply ?? '')[name])
  try {
    const verdicts = await sendAll(reviews(canaries, cluster.namespace))
    expect(verdicts).toContain(false)
    await eventually('a word of both roles about it', async () => {
      const now = await failures()
      return now.every((count, role) => count > (before[role] ?? 0)) || undefined
    })
  } finally {
    front.answer(undefined)
  }
  await expectNothingTold()
})

test('a kubeconfig that cannot be used', async () => {
  const { canaries, dir } = plane
  const path = join(dir, 'spoilt.kubeconfig')
  const text = await readFile(join(dir, 'modelcache-webhook.kubeconfig'), 'utf8')
  for (const spoilt of [
    text.replace('users:', 'users: ['),
    text.replace('token:', 'token: ]'),
    `${text}\n\t- x`,
  ]) {
    await writeFile(path, spoilt)
    for (const role of ['webhook', 'controller']) {
      const run = await runCommand(process.execPath, [
        MAIN,
        role,
        '--kubeconfig',
        path,
        '--log-level',
        'trace',
      ])
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot read a kubeconfig') })
      expect(found(canaries, run.stdout + run.stderr)).toEqual([])
    }
  }
})

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
const word = scalar.optional()
const error: z.ZodType = z.strictObject({
  ...{ type: word, message: word, stack: word, code: word, status: word, statusCode: word, reason: word },
  cause: z.lazy(() => error).optional(),
  errors: z.array(z.lazy(() => error)).optional(),
})
/** A line of the log. Only errors have members of their own in it. */
const line = z.object({ err: error.optional() }).catchall(z.union([scalar, z.array(scalar)]))

test('no line of the log holds an object, and all that was tried has left its line', async () => {
  const [ofWebhook = '', ofController = ''] = await plane.logs()
  for (const log of [ofWebhook, ofController]) {
    for (const each of log.trimEnd().split('\n')) line.parse(JSON.parse(each))
  }
  const paths = [
    'mutate-pods',
    ...['pods', 'jobs', 'workloads', 'modelcaches'].map(each => `validate-${each}`),
  ]
  for (const path of paths) expect(ofWebhook.includes(`"webhook":"${path}"`), path).toBe(true)
  for (const words of ['could not confirm a decision', 'a rule failed', 'list or watch failed']) {
    expect(ofWebhook.includes(words), words).toBe(true)
  }
  for (const words of ['status applied', 'scheduling gate lifted', 'list or watch failed']) {
    expect(ofController.includes(words), words).toBe(true)
  }
})
