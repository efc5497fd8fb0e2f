import { expect, test } from 'vitest'
import { aTakenUpCache } from '../fixtures.ts'
import { effectiveHydration } from './effective-hydration.ts'

const defaults = {
  labels: { team: 'any', tier: 'gold' },
  nodeSelector: { pool: 'io', zone: 'a' },
  tolerations: [{ key: 'io' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'low',
  runtimeClassName: 'sandboxed',
  imagePullSecrets: [{ name: 'pull' }],
  resources: { requests: { cpu: '1' }, limits: { memory: '1Gi', cpu: '4' } },
  securityContext: { runAsUser: null, fsGroup: null },
}

test('what the ModelCache leaves open comes from the installation', () => {
  expect(effectiveHydration(aTakenUpCache(), defaults)).toEqual({ ...defaults, annotations: {} })
})

test("the ModelCache's own values win, key by key, and lists have the items of both", () => {
  const hydration = {
    labels: { team: 'search' },
    annotations: { note: 'x' },
    nodeSelector: { pool: 'big' },
    tolerations: [{ key: 'mine' }],
    priorityClassName: 'high',
    imagePullSecrets: [{ name: 'own' }],
    resources: { limits: { memory: '2Gi' } },
    securityContext: { runAsUser: 1000 },
  }
  expect(effectiveHydration(aTakenUpCache({ spec: { hydration } }), defaults)).toEqual({
    labels: { team: 'search', tier: 'gold' },
    annotations: { note: 'x' },
    nodeSelector: { pool: 'big', zone: 'a' },
    tolerations: [{ key: 'mine' }, { key: 'io' }],
    affinity: { nodeAffinity: {} },
    priorityClassName: 'high',
    runtimeClassName: 'sandboxed',
    imagePullSecrets: [{ name: 'own' }, { name: 'pull' }],
    resources: { requests: { cpu: '1' }, limits: { memory: '2Gi', cpu: '4' } },
    securityContext: { runAsUser: 1000, fsGroup: null },
  })
})

test('without defaults, only the ModelCache counts', () => {
  const hydration = { nodeSelector: { pool: 'big' } }
  const effective = effectiveHydration(aTakenUpCache({ spec: { hydration } }))
  expect(effective).toMatchObject(hydration)
  expect(effective.securityContext).toBeUndefined()
})
