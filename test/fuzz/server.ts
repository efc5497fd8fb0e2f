import { pino } from 'pino'
import type { AdmissionRequest } from '../../src/admission/admission-review.ts'
import { issueCA } from '../../src/certs/issue.ts'
import { createMetrics } from '../../src/process/metrics.ts'
import { createAdmissionMetrics } from '../../src/server/admission-metrics.ts'
import { createAdmissionServer } from '../../src/server/admission-server.ts'
import { issueServing } from '../testbed/pki.ts'
import type { Case } from './case.ts'
import { disagreement } from './compare.ts'
import { hostileText } from './generate/hostile-text.ts'
import { EMPTY_CLUSTER } from './oracle/cluster.ts'
import { judge, WEBHOOKS } from './oracle/oracle.ts'
import { rulesUnder, verdictOf } from './product.ts'
import { viewOf } from './view.ts'

/** The product's server, which gets texts without a socket. */
export interface Served {
  /** What is wrong with the answer to a case, made hostile in the `turn`th way; undefined if it is right. */
  check(one: Case, turn: number): Promise<string | undefined>
  close(): Promise<void>
}

export async function openServer(): Promise<Served> {
  let current: Case | undefined
  const rulesOf = (webhook: string) => (request: AdmissionRequest) => {
    const rules = current && rulesUnder(current.cluster)[webhook]
    if (current === undefined || rules === undefined) throw new Error(`nobody has asked ${webhook}`)
    return rules(request, current.view)
  }
  const ca = await issueCA({ commonName: 'fuzz', days: 1 })
  const leaf = await issueServing(ca, [])
  const app = createAdmissionServer({
    tls: { key: leaf.keyPem, cert: leaf.certPem },
    webhooks: Object.fromEntries(WEBHOOKS.map(webhook => [`/${webhook}`, rulesOf(webhook)])),
    view: viewOf(EMPTY_CLUSTER),
    confirm: async view => view,
    synced: () => true,
    draining: () => false,
    metrics: createAdmissionMetrics(createMetrics()),
    logger: pino({ level: 'silent' }),
  })
  return {
    async check(one, turn) {
      current = one
      const { text, meaning } = hostileText(one.text, turn)
      const headers = { 'content-type': 'application/json' }
      const reply = await app.inject({ method: 'POST', url: `/${one.webhook}`, payload: text, headers })
      const isAsSent = text === one.text
      const found = wrongAnswer(one, { status: reply.statusCode, body: reply.body, meaning, isAsSent })
      return found && `served, made hostile in turn ${turn}: ${found}`
    },
    close: () => app.close(),
  }
}

interface Answer {
  status: number
  body: string
  meaning: string | undefined
  /** A review like the API server's: the answer must be all that the oracle says. */
  isAsSent: boolean
}

function wrongAnswer(
  { webhook, cluster }: Case,
  { status, body, meaning, isAsSent }: Answer,
): string | undefined {
  if (status >= 500) return `HTTP ${status}: ${body}`
  const review: unknown = meaning === undefined ? undefined : JSON.parse(meaning)
  const expected = judge(webhook, review, cluster)
  if (status !== 200) {
    return isAsSent && expected.isReview ? `HTTP ${status} to a review: ${body}` : undefined
  }
  if (isAsSent) return disagreement(webhook, expected, verdictOf(JSON.parse(body), review))
  const isAllowed: unknown = JSON.parse(body).response.allowed
  return isAllowed === false || expected.allowed ? undefined : `allowed: ${body}`
}
