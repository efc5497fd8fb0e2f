import fc from 'fast-check'
import { asSent, DIGEST } from '../api/fixtures.ts'
import type { Pod } from '../api/kubernetes/pod.ts'
import { CACHE_CONTAINERS } from '../api/names.ts'
import type { CacheMount } from './cache-mount.ts'

/**
 * Generated pods and caches for property tests. Names and paths come from small sets, so that they often
 * meet.
 */

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/)
const cacheName = fc.oneof(
  fc.constantFrom('llama', 'tokenizer', 'a.b', 'x'.repeat(70), `${'y.'.repeat(40)}z`),
  label,
)
const path = fc.constantFrom(
  '/mnt/model',
  '/mnt/model/',
  '/mnt',
  '/mnt/x',
  '/data',
  '/dev/shm',
  '/mnt/model/sub',
  'rel',
)
/** Annotation and label keys, including characters of JSON Pointers. */
const key = fc.constantFrom('app', 'example.com/a', 'a~b', 'a/b~1c', '~0', 'x.y/z')
const stringMap = fc.option(fc.dictionary(key, fc.string({ maxLength: 5 }), { maxKeys: 3 }), {
  nil: undefined,
})

const place = {
  cache: cacheName,
  claimName: fc.constantFrom('modelcache--llama', 'modelcache--tokenizer', 'ops-staged'),
  mountPath: fc.constantFrom('/mnt/model', '/mnt/tokenizer', '/models/a', '/models/a/b'),
}
/** Of a cache that is staged into a claim that people made. */
const folder = fc.option(fc.constant('models/llama'), { nil: undefined })
const folders = fc.subarray(['sub', '.cache/x'])
const cacheMount: fc.Arbitrary<CacheMount> = fc
  .tuple(
    fc.oneof(
      fc.record({ kind: fc.constant('snapshot'), ...place, folder, digest: fc.constant(DIGEST) }),
      fc.record({ kind: fc.constant('awaited'), ...place, folder }),
      fc.record({
        kind: fc.constant('claim'),
        ...place,
        subPath: fc.option(fc.constant('folder'), { nil: undefined }),
        waits: fc.boolean(),
      }),
    ),
    folders,
  )
  .map(([mount, scratch]) => ({
    ...mount,
    scratch: scratch.map(folder => `${mount.mountPath}/${folder}`),
  }))

/** Mounts of Ready caches, and of caches that their pod waits for. */
export const caches: fc.Arbitrary<CacheMount[]> = fc.uniqueArray(cacheMount, {
  selector: ({ cache }) => cache,
  minLength: 1,
  maxLength: 3,
})

const volume = fc.oneof(
  fc.record({ name: label, emptyDir: fc.constant({}) }),
  fc.record({
    name: fc.constantFrom('modelcache--llama', 'mine', 'modelcache--tokenizer'),
    persistentVolumeClaim: fc.record({
      claimName: fc.constantFrom('modelcache--llama', 'other', 'ops-staged'),
      readOnly: fc.option(fc.boolean(), { nil: undefined }),
    }),
  }),
)
const volumes = fc.option(fc.uniqueArray(volume, { selector: ({ name }) => name, maxLength: 4 }), {
  nil: undefined,
})

const mount = fc.record({
  name: fc.constantFrom('mine', 'modelcache--llama', 'shm'),
  mountPath: path,
  readOnly: fc.option(fc.boolean(), { nil: undefined }),
  subPath: fc.option(fc.constantFrom('snapshots/1', 'other'), { nil: undefined }),
})

const container = (name: string) =>
  fc.record({
    name: fc.constant(name),
    image: fc.constantFrom('vllm/vllm-openai:v0.11.0', 'nginx', 'registry:5000/x'),
    command: fc.option(fc.constantFrom(['vllm', 'serve', '/mnt/model'], ['sleep', '1']), { nil: undefined }),
    resources: fc.option(fc.constantFrom({ limits: { 'nvidia.com/gpu': '1' } }, { requests: { cpu: '1' } }), {
      nil: undefined,
    }),
    volumeMounts: fc.option(fc.array(mount, { maxLength: 2 }), { nil: undefined }),
  })

const containers = (prefix: string, minLength: number) =>
  fc
    .integer({ min: minLength, max: 3 })
    .chain(count => fc.tuple(...Array.from({ length: count }, (_, index) => container(`${prefix}${index}`))))

export const pods: fc.Arbitrary<Pod> = fc
  .record({
    annotations: stringMap,
    labels: stringMap,
    named: fc.option(fc.constantFrom('c0', 'c0,i0', 'i0'), { nil: undefined, freq: 5 }),
    volumes,
    containers: containers('c', 1),
    initContainers: fc.option(containers('i', 0), { nil: undefined }),
  })
  .map(({ annotations, labels, named, ...spec }) => {
    const all = { ...annotations, ...(named && { [CACHE_CONTAINERS]: named }) }
    const metadata = { labels, ...((annotations || named) && { annotations: all }) }
    // As the API server sends it, without undefined members.
    return asSent(JSON.parse(JSON.stringify({ metadata, spec })))
  })
