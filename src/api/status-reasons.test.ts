import { describe, expect, test } from 'vitest'
import { notReadyText } from '../admission/pod/not-ready.ts'
import { hydrationJob } from '../controller/modelcache/objects/hydration-job.ts'
import { FAILURE_REASONS, type FailureReason } from './failure-reasons.ts'
import { aCondition, aModelCache } from './fixtures.ts'
import { EXIT, exitCodeOf } from './hydration-report.ts'
import { effectOf, needsAction, STATUS_REASONS } from './status-reasons.ts'

const ROWS = Object.entries(STATUS_REASONS)

describe('a reason of status', () => {
  test.each(ROWS)('%s: who acts fits what follows', (reason, { effect, who, fix }) => {
    if (effect === 'progress' || effect === 'ok') expect(who).toBe('nobody')
    if (effect === 'final' || effect === 'retried') expect(who).not.toBe('nobody')
    if (who !== 'nobody') expect(fix).not.toMatch(/^Nothing/)
    expect(effectOf(reason)).toBe(effect)
    expect(needsAction(reason)).toBe(who !== 'nobody')
  })

  test.each(ROWS)(
    '%s: a pod is told to wait where nobody has to act, else to look',
    (reason, { who, effect }) => {
      if (effect === 'ok') return
      const conditions = [{ ...aCondition('Ready', 'False'), reason }]
      const text = notReadyText('ml-team', aModelCache({ status: { phase: 'Pending', conditions } }))
      expect(text).toContain(who === 'nobody' ? 'wait with: kubectl' : 'see: kubectl')
    },
  )

  test('of another version follows nothing', () => {
    for (const unknown of ['Unheard', '__proto__', 'constructor']) {
      expect(effectOf(unknown)).toBeUndefined()
      expect(needsAction(unknown)).toBe(false)
    }
  })
})

describe('the Job of a hydration that fails', () => {
  const job = JSON.stringify(hydrationJob(aModelCache(), 'hydrate', { image: 'any', env: [] }))

  test('gives up on the exit codes of what does not pass', () => {
    expect(job).toContain(`"operator":"In","values":[${EXIT.failed},${EXIT.usage}]`)
  })

  test.each(Object.keys(FAILURE_REASONS) as FailureReason[])('ends on %s as the table says', reason => {
    const passes = FAILURE_REASONS[reason].effect === 'passes'
    expect(exitCodeOf(reason)).toBe(passes ? EXIT.mayRetry : EXIT.failed)
  })
})
