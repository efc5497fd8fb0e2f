import { CLUSTER_STATUS_REASONS } from '../src/api/inference-cluster-reasons.ts'
import { DEPLOYMENT_STATUS_REASONS } from '../src/api/modeldeployment-reasons.ts'
import { REASONS, type Reason } from '../src/api/reasons.ts'
import type { Effect } from '../src/api/status-reason-text.ts'
import { STATUS_REASONS } from '../src/api/status-reasons.ts'
import { block, page, table, wrapped } from './markdown.ts'

/** An example of a reason: where it is, and what kubectl prints for it, line by line, after the command. */
export interface Quote {
  folder: string
  lines: readonly string[]
}

const INTRODUCTION =
  'Every denial and every warning starts with one of these words. The reason is also in `status.details.causes` with the path of the field, in the audit annotation `reason` of the webhook, and in a label of the metric `modelcache_admission_reviews_total`. The quotes of kubectl come from the [examples](../examples/README.md), and are wrapped like them. [Another page](status-reasons.md) has the reasons in a status.'

const SAYS = { denied: 'denied', warned: 'warned', both: 'denied or warned' } as const

/**
 * docs/reasons.md: a table of all reasons of admission, then for each its meaning, what kubectl prints, and
 * what to do about it.
 */
export function reasonsMarkdown(quotesOf: (reason: Reason) => readonly Quote[]): string {
  const reasons = Object.entries(REASONS).toSorted(byName)
  const rows = reasons.map(([reason, { says, who }]) => [linked(reason), SAYS[says], who])
  const sections = reasons.map(([name, { when, fix, ...text }]) => {
    const reason = name as Reason
    const quotes = quotesOf(reason).map(
      ({ folder, lines }) => `${block(lines)}\n\n[${folder}](../${folder}/)\n`,
    )
    const message = 'example' in text ? [`${block([`${reason}: ${text.example}`])}\n`] : []
    return `## ${reason}\n\n${wrapped(when)}\n\n${[...quotes, ...message].join('\n')}\n${advice(fix)}\n`
  })
  return page('src/api/modelcache-reasons.ts, src/api/pod-reasons.ts and examples/', 'Reasons', [
    wrapped(INTRODUCTION),
    table(['reason', 'the request is', 'who acts'], rows),
    ...sections,
  ])
}

const STATUS_INTRODUCTION =
  'Condition Ready of a ModelCache has one of these reasons, and its message says what was found: `kubectl describe modelcache`.'

const CLUSTER_INTRODUCTION =
  'Conditions Reachable and Ready of an InferenceCluster have one of these reasons, if there is a [hub](fleet.md).'

const DEPLOYMENT_INTRODUCTION =
  'Conditions of a [ModelDeployment](deployments.md#status) have one of these reasons.'

const EFFECTS: Readonly<Record<Effect, string>> = {
  progress: 'work continues',
  passes: 'retried at once, or ends by itself',
  retried: 'retried after a pause',
  final: 'waits for a change',
  ok: 'Ready',
}

/**
 * docs/status-reasons.md: a table of all reasons of status, then for each its meaning and what to do about
 * it.
 */
export function statusReasonsMarkdown(): string {
  const reasons = Object.entries(STATUS_REASONS).toSorted(byName)
  const rows = reasons.map(([reason, { effect, who }]) => [linked(reason), EFFECTS[effect], who])
  const sections = reasons.map(
    ([reason, { when, fix }]) => `## ${reason}\n\n${wrapped(when)}\n\n${advice(fix)}\n`,
  )
  return page('src/api/*-reasons.ts', 'Reasons of status', [
    wrapped(STATUS_INTRODUCTION),
    table(['reason', 'what follows', 'who acts'], rows),
    ...sections,
    '## InferenceClusters',
    wrapped(CLUSTER_INTRODUCTION),
    meanings(CLUSTER_STATUS_REASONS),
    '## ModelDeployments',
    wrapped(DEPLOYMENT_INTRODUCTION),
    meanings(DEPLOYMENT_STATUS_REASONS),
  ])
}

function meanings(reasons: Readonly<Record<string, { when: string; fix: string }>>): string {
  const rows = Object.entries(reasons)
    .toSorted(byName)
    .map(([reason, { when, fix }]) => [reason, when, fix])
  return table(['reason', 'meaning', 'what to do'], rows)
}

type Named = readonly [name: string, value: unknown]

function byName([one]: Named, [other]: Named): number {
  return one < other ? -1 : 1
}

function linked(reason: string): string {
  return `[${reason}](#${reason.toLowerCase()})`
}

function advice(fix: string): string {
  return wrapped(`**What to do.** ${fix}`)
}
