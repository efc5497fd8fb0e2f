import fc from 'fast-check'
import type { Container, Pod } from '../../../src/api/kubernetes/pod.ts'
import { CACHES, GATE, NOT_READY } from '../../../src/api/names.ts'
import { pods } from '../../../src/injection/pod-generator.fixtures.ts'

type Volumes = Pod['spec']['volumes']

/** Longer than a label value may be, and long enough for an annotation. */
const PLAIN = /^[A-Za-z0-9]*$/
const QUALIFIED_KEY = /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/

/**
 * Generated pods that an API server accepts. Only what it would reject from anybody is fixed: keys and values
 * that are not labels, mounts of missing volumes, one path twice. Each pod asks for one to all of the `ready`
 * caches, or at a scheduling gate for `waiting` too.
 */
export function acceptablePods(ready: readonly string[], waiting: string): fc.Arbitrary<Pod> {
  return fc
    .record({
      pod: pods,
      asked: fc.shuffledSubarray([...ready], { minLength: 1 }),
      waits: fc.boolean(),
    })
    .map(({ pod, asked, waits }) => {
      const caches = [...asked, ...(waits ? [waiting] : [])].join(', ')
      const { labels, annotations } = pod.metadata
      return acceptable({
        ...pod,
        metadata: {
          ...pod.metadata,
          ...(labels && { labels: acceptableKeys(labels) }),
          annotations: {
            ...acceptableKeys(annotations ?? {}),
            [CACHES]: caches,
            ...(waits && { [NOT_READY]: GATE }),
          },
        },
      })
    })
}

function acceptable(pod: Pod): Pod {
  const { volumes, containers, initContainers } = pod.spec
  const fix = (container: Container) => withVolumes(withoutDuplicatePaths(container), volumes)
  const lists = {
    containers: containers.map(fix),
    ...(initContainers && { initContainers: initContainers.map(fix) }),
  }
  return { ...pod, spec: { ...pod.spec, ...lists, ...(volumes && { volumes: completed(volumes, lists) }) } }
}

/** A pod without volumes can mount nothing. In other pods the missing volumes are added, see `completed`. */
function withVolumes(container: Container, volumes: Volumes): Container {
  return volumes || !container.volumeMounts ? container : { ...container, volumeMounts: [] }
}

function completed(
  volumes: NonNullable<Volumes>,
  lists: { containers: Container[]; initContainers?: Container[] },
) {
  const mounts = [...lists.containers, ...(lists.initContainers ?? [])].flatMap(c => c.volumeMounts ?? [])
  const present = new Set(volumes.map(({ name }) => name))
  const missing = new Set(mounts.map(({ name }) => name).filter(name => !present.has(name)))
  return [...volumes, ...[...missing].map(name => ({ name, emptyDir: {} }))]
}

/** The API server compares paths letter by letter, so /mnt/model and /mnt/model/ are different. */
function withoutDuplicatePaths(container: Container): Container {
  if (!container.volumeMounts) return container
  const byPath = new Map(container.volumeMounts.map(mount => [mount.mountPath, mount]))
  return { ...container, volumeMounts: [...byPath.values()] }
}

function acceptableKeys(map: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).map(([key, value = '']) => [
      QUALIFIED_KEY.test(key) ? key : 'example.com/a_b',
      key.startsWith('modelplane.ai/') || PLAIN.test(value) ? value : 'x',
    ]),
  )
}
