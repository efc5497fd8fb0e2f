import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Pod } from '../api/kubernetes/pod.ts'
import { cleanPath } from '../api/mount-path.ts'
import { CACHE_READY_GATE } from '../api/names.ts'
import { type CacheMount, subPathOf, waits } from './cache-mount.ts'
import { digestVariable } from './digest-variable.ts'
import { applied, disturbances, inject, operationsFor } from './fixtures.ts'
import { planInjection } from './plan.ts'
import { caches, pods } from './pod-generator.fixtures.ts'
import { targetContainers } from './targets.ts'

/** RUNS=100000 searches longer. */
const RUNS = { numRuns: Number(process.env.RUNS ?? 2_000) }

/** Runs a check on every generated pod that can get its caches. */
function forInjectable(check: (pod: Pod, mounts: CacheMount[]) => void): void {
  let injectable = 0
  fc.assert(
    fc.property(pods, caches, (pod, mounts) => {
      if (planInjection(pod, mounts).refused !== undefined) return
      injectable += 1
      check(pod, mounts)
    }),
    RUNS,
  )
  // If the generator only made conflicts, every check would pass.
  expect(injectable).toBeGreaterThan(RUNS.numRuns / 20)
}

const pathsOf = (mounts: readonly CacheMount[]) => mounts.map(({ mountPath }) => mountPath)

function mountsOf(pod: Pod, mount: CacheMount, mounts: readonly CacheMount[]): number[] {
  const targets = targetContainers(pod, pathsOf(mounts)).value ?? expect.fail('refused')
  const { subPath, subPathExpr } = subPathOf(mount)
  return targets.map(
    ({ container }) =>
      (container.volumeMounts ?? []).filter(existing => {
        const volume = pod.spec.volumes?.find(({ name }) => name === existing.name)
        return (
          cleanPath(existing.mountPath) === mount.mountPath &&
          existing.readOnly === true &&
          (existing.subPath ?? undefined) === subPath &&
          (existing.subPathExpr ?? undefined) === subPathExpr &&
          volume?.persistentVolumeClaim?.claimName === mount.claimName &&
          volume.persistentVolumeClaim.readOnly === true
        )
      }).length,
  )
}

describe('for every pod that can be given its caches', () => {
  test('injection run on its own result adds nothing', () => {
    forInjectable((pod, mounts) => {
      expect(operationsFor(inject(pod, mounts), mounts)).toEqual([])
    })
  })

  test('nothing that was there changes or moves', () => {
    forInjectable((pod, mounts) => {
      expect(disturbances(pod, inject(pod, mounts))).toEqual([])
    })
  })

  test('every target container has every mount, read-only, and the ones that were free of it have it once', () => {
    forInjectable((pod, mounts) => {
      const after = inject(pod, mounts)
      for (const mount of mounts) {
        for (const [index, count] of mountsOf(after, mount, mounts).entries()) {
          expect(count).toBe(Math.max(1, mountsOf(pod, mount, mounts)[index] ?? 0))
        }
      }
    })
  })

  test('a pod has one gate where it waits for a cache, and none where it does not', () => {
    forInjectable((pod, mounts) => {
      const gates = inject(pod, mounts).spec.schedulingGates ?? []
      const ours = gates.filter(({ name }) => name === CACHE_READY_GATE)
      expect(ours).toHaveLength(mounts.some(waits) ? 1 : 0)
    })
  })

  test('every target container has the variable of each digest that is not known yet, once', () => {
    forInjectable((pod, mounts) => {
      const targets = targetContainers(inject(pod, mounts), pathsOf(mounts)).value ?? expect.fail('refused')
      const names = mounts.flatMap(({ kind, cache }) =>
        kind === 'awaited' ? digestVariable(cache).name : [],
      )
      for (const { container } of targets) {
        const env = (container.env ?? []).map(({ name }) => name)
        for (const name of names) expect(env.filter(found => found === name)).toHaveLength(1)
      }
    })
  })

  test('each claim has one volume more at the most', () => {
    forInjectable((pod, mounts) => {
      const after = inject(pod, mounts)
      for (const { claimName } of mounts) {
        const count = (one: Pod) =>
          (one.spec.volumes ?? []).filter(volume => volume.persistentVolumeClaim?.claimName === claimName)
            .length
        expect(count(after)).toBe(Math.max(1, count(pod)))
      }
    })
  })

  test('volume names stay unique and are DNS labels', () => {
    forInjectable((pod, mounts) => {
      const names = (inject(pod, mounts).spec.volumes ?? []).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      const added = names.slice(pod.spec.volumes?.length ?? 0)
      for (const name of added) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
    })
  })

  test('after another webhook put a container and a volume in front, a second run converges', () => {
    forInjectable((pod, mounts) => {
      const first = inject(pod, mounts)
      const disturbed = {
        ...first,
        spec: {
          ...first.spec,
          volumes: [{ name: 'mesh-config', emptyDir: {} }, ...(first.spec.volumes ?? [])],
          containers: [{ name: 'mesh', image: 'mesh:1' }, ...first.spec.containers],
        },
      }
      const second = inject(disturbed, mounts)
      for (const mount of mounts)
        for (const count of mountsOf(second, mount, mounts)) expect(count).toBeGreaterThan(0)
      expect(operationsFor(second, mounts)).toEqual([])
      expect(disturbances(disturbed, second)).toEqual([])
    })
  })
})

test('a plan never throws, whatever the pod: it is a list of additions or a denial', () => {
  fc.assert(
    fc.property(pods, caches, (pod, mounts) => {
      const plan = planInjection(pod, mounts)
      if (plan.refused === undefined) {
        for (const { op } of plan.value) expect(op).toBe('add')
        applied(pod, plan.value)
      } else {
        expect(plan.refused.text).not.toBe('')
      }
    }),
    RUNS,
  )
})
