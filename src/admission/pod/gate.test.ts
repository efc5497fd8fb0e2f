import { describe, expect, test } from 'vitest'
import { aContainer, aModelCache, aPod, aReadyCache, DIGEST, SNAPSHOT } from '../../api/fixtures.ts'
import { type Pod, pod as podSchema } from '../../api/kubernetes/pod.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { CACHE_READY_GATE, INJECTED, NOT_READY } from '../../api/names.ts'
import { applied } from '../../injection/fixtures.ts'
import { allow } from '../decision.ts'
import { aPolicy, aRequest, aView, reasonsOf, textOf } from '../fixtures.ts'
import { mutatePod } from './mutate.ts'
import { validatePod } from './validate.ts'

const EXPRESSION = 'snapshots/$(MODELCACHE__LLAMA_DIGEST)'
const VARIABLE = {
  name: 'MODELCACHE__LLAMA_DIGEST',
  valueFrom: { fieldRef: { fieldPath: "metadata.annotations['digest.modelplane.ai/modelcache--llama']" } },
}

const hydrating = aModelCache({ status: { phase: 'Hydrating' } })
const filled = aModelCache({
  spec: {
    artifact: {},
    storage: { backend: 'ExistingPVC', existingPVC: { name: 'ops-staged', subPath: 'llama' } },
  },
})

function waiting(given: Parameters<typeof aPod>[0] = {}): Pod {
  const annotations = { [NOT_READY]: 'Gate', ...given.metadata?.annotations }
  return aPod({ ...given, metadata: { ...given.metadata, annotations } })
}

function decide(pod: unknown, ...caches: ModelCache[]) {
  return mutatePod(aRequest({ object: pod }), aView({ caches }))
}

/** The pod as stored. */
function admitted(pod: Pod, ...caches: ModelCache[]): Pod {
  const decision = decide(pod, ...caches)
  if (!decision.allowed) throw new Error(textOf(decision))
  return podSchema.parse(applied(pod, decision.patch))
}

function validated(pod: Pod, ...caches: ModelCache[]) {
  return validatePod(aRequest({ object: pod }), aView({ caches }), aPolicy())
}

describe('a pod that would rather wait', () => {
  test('is held by the gate, its mount by a digest that its annotation will tell', () => {
    const { spec, metadata } = admitted(waiting(), hydrating)
    expect(spec.schedulingGates).toEqual([{ name: CACHE_READY_GATE }])
    expect(spec.volumes).toEqual([
      {
        name: 'modelcache--llama',
        persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true },
      },
    ])
    expect(spec.containers[0]).toMatchObject({
      env: [VARIABLE],
      volumeMounts: [
        { name: 'modelcache--llama', mountPath: '/mnt/model', readOnly: true, subPathExpr: EXPRESSION },
      ],
    })
    expect(spec.containers[0]?.volumeMounts?.[0]).not.toHaveProperty('subPath')
    expect(metadata.annotations?.[INJECTED]).toBe('llama=pending')
  })

  test('has everything that it needs: admitted by the validating webhook, and twice the same', () => {
    const stored = admitted(waiting(), hydrating)
    expect(validated(stored, hydrating)).toEqual(allow())
    expect(decide(stored, hydrating)).toEqual(allow())
  })

  test('keeps its form when the cache turns Ready between two calls', () => {
    const stored = admitted(waiting(), hydrating)
    expect(decide(stored, aReadyCache())).toEqual(allow())
    expect(validated(stored, aReadyCache())).toEqual(allow())
  })

  test('is denied when another webhook takes the gate or the variable away', () => {
    const stored = admitted(waiting(), hydrating)
    const containers = stored.spec.containers.map(container => ({ ...container, env: [] }))
    const places = [{ schedulingGates: [] }, { containers }].map(change => {
      const decision = validated({ ...stored, spec: { ...stored.spec, ...change } }, hydrating)
      expect(reasonsOf(decision)).toEqual(['InjectionMissing'])
      return /injected fields at ([^;]*);/.exec(textOf(decision))?.[1]
    })
    expect(places).toEqual(['spec.schedulingGates', 'spec.containers[0].env'])
  })

  test('does not wait when its caches are Ready', () => {
    const { spec } = admitted(waiting(), aReadyCache())
    expect(spec.schedulingGates).toBeUndefined()
    expect(spec.containers[0]?.volumeMounts?.[0]?.subPath).toBe(SNAPSHOT)
  })

  test('waits for one cache and is given the other at once', () => {
    const { spec, metadata } = admitted(
      waiting({ caches: 'llama,chat' }),
      hydrating,
      aReadyCache({ name: 'chat', path: '/mnt/chat' }),
    )
    expect(spec.containers[0]?.volumeMounts).toMatchObject([
      { subPathExpr: EXPRESSION },
      { subPath: SNAPSHOT },
    ])
    expect(metadata.annotations?.[INJECTED]).toBe(`llama=pending,chat=${DIGEST}`)
  })

  test('knows already what a claim holds that people filled', () => {
    const { spec, metadata } = admitted(waiting(), filled)
    expect(spec.schedulingGates).toEqual([{ name: CACHE_READY_GATE }])
    expect(spec.containers[0]?.volumeMounts).toEqual([
      { name: 'modelcache--llama', mountPath: '/mnt/model', readOnly: true, subPath: 'llama' },
    ])
    expect(spec.containers[0]?.env).toBeUndefined()
    expect(metadata.annotations?.[INJECTED]).toBe('llama=pvc/ops-staged')
    expect(validated(admitted(waiting(), filled), filled)).toEqual(allow())
  })

  test('keeps the gates of others', () => {
    const gates = [{ name: 'example.com/quota' }]
    const { spec } = admitted(waiting({ spec: { schedulingGates: gates } }), hydrating)
    expect(spec.schedulingGates).toEqual([...gates, { name: CACHE_READY_GATE }])
  })

  test.each([
    ['has failed', aModelCache({ status: { phase: 'Failed' } })],
    [
      'is being deleted',
      { ...aReadyCache(), metadata: { name: 'llama', namespace: 'ml-team', deletionTimestamp: 'x' } },
    ],
  ])('waits also for a cache that %s: it may be fixed, or come back', (_, cache) => {
    expect(admitted(waiting(), cache).spec.schedulingGates).toHaveLength(1)
  })

  test('is denied when it names a cache that does not exist', () => {
    expect(reasonsOf(decide(waiting()))).toEqual(['CacheNotFound'])
  })

  test('is denied when it has a node: Kubernetes has no gate for such pods', () => {
    const decision = decide(waiting({ spec: { nodeName: 'node-1' } }), hydrating)
    expect(reasonsOf(decision)).toEqual(['CacheNotReady'])
    expect(textOf(decision)).toContain('spec.nodeName is set')
  })

  test('is denied where a container already has the variable, from elsewhere', () => {
    const env = [{ name: VARIABLE.name, value: 'sha256:feed' }]
    const decision = decide(waiting({ spec: { containers: [aContainer({ env })] } }), hydrating)
    expect(reasonsOf(decision)).toEqual(['MountPathConflict'])
    expect(textOf(decision)).toContain('container app sets environment variable MODELCACHE__LLAMA_DIGEST')
  })

  test('tells caches apart whose names differ in a dot and a dash', () => {
    const caches = ['a.b', 'a-b'].map((name, index) =>
      aModelCache({ name, spec: { mount: { path: `/mnt/${index}` } } }),
    )
    const { spec } = admitted(waiting({ caches: 'a.b,a-b' }), ...caches)
    const [dot, dash] = (spec.containers[0]?.env ?? []).map(({ name }) => name)
    expect(dot).toMatch(/^MODELCACHE__A_B__[0-9A-Z]{25}_DIGEST$/)
    expect(dash).toBe('MODELCACHE__A_B_DIGEST')
  })
})

test.each(['gate', 'Reject', ''])('a pod that says "%s" is denied, Ready or not', value => {
  const pod = aPod({ metadata: { annotations: { [NOT_READY]: value } } })
  for (const cache of [aReadyCache(), hydrating]) {
    const decision = decide(pod, cache)
    expect(reasonsOf(decision)).toEqual(['ReferenceInvalid'])
    expect(textOf(decision)).toContain('the only value is Gate')
  }
})
