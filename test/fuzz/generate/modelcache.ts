import { written } from './grammar.ts'
import type { Random } from './random.ts'
import { CLASS_NAMES, NAMESPACE } from './words.ts'

type Given = Record<string, unknown>

/** A ModelCache as a user writes it: usually valid, often with one fault. */
export function generateModelCache(name: string, random: Random): Given {
  const isExisting = random.chance(0.3)
  const backend = random.chance(0.95)
    ? isExisting
      ? 'ExistingPVC'
      : 'PVC'
    : random.pick(['Custom', 'ContentAddressed'])
  const isDefault = backend === 'PVC' && random.chance(0.5)
  return {
    apiVersion: 'modelplane.ai/v1alpha1',
    kind: 'ModelCache',
    metadata: {
      name,
      namespace: NAMESPACE,
      deletionTimestamp: random.perhaps(0.02, () => '2031-05-04T03:02:01Z'),
      annotations: random.perhaps(0.2, () => ({
        'modelplane.ai/allow-delete-in-use': random.pick(['true', 'false', 'True', '']),
      })),
    },
    spec: {
      artifact: {
        kind: random.perhaps(0.3, () =>
          random.chance(0.9) ? 'Tokenizer' : random.pick(['Adapter', 'Engine', 'Weights']),
        ),
        source: random.chance(0.05) ? undefined : sourceOf(isExisting ? 0.3 : 1, random),
        ...reserved(['adapterType', 'baseRef', 'engine', 'resolvedVia'], random),
      },
      mount: {
        path: random.chance(0.7) ? '/mnt/model' : written('path', random),
        scratch: random.perhaps(0.15, () =>
          ['one', 'two'].flatMap(() => random.perhaps(0.7, () => written('folder', random)) ?? []),
        ),
      },
      storage: {
        backend: isDefault ? undefined : backend,
        pvc: random.perhaps(isExisting ? 0.05 : 0.7, () => ({
          storageClassName: random.perhaps(0.5, () => random.pick([...CLASS_NAMES, 'gone'])),
          sizeGiB: random.perhaps(0.5, () => random.pick([1, 100, 200])),
          keepSnapshots: random.perhaps(0.1, () => random.pick([0, 3, 64])),
          labels: random.perhaps(0.1, () => hydrationMetadata(random)),
          annotations: random.perhaps(0.1, () => hydrationMetadata(random)),
        })),
        ...reserved(['contentAddressed'], random),
        existingPVC: random.perhaps(isExisting ? 0.95 : 0.05, () => ({
          name: random.pick(['ops-staged', 'ops-2', 'mine', 'gone']),
          namespace: random.perhaps(0.2, () => random.pick([NAMESPACE, 'other'])),
          subPath: random.perhaps(isExisting ? 0.7 : 0.4, () =>
            random.chance(0.1) ? random.pick(['snapshots', 'a/.modelcache/b']) : written('folder', random),
          ),
        })),
      },
      refetch: random.perhaps(0.1, () => ({ every: random.pick(['24h', '30m', '4m', '1d', '05m', '']) })),
      hydration: random.perhaps(0.2, () => ({
        labels: random.perhaps(0.5, () => hydrationMetadata(random)),
        annotations: random.perhaps(0.5, () => hydrationMetadata(random)),
      })),
      clusterSelector: random.perhaps(0.15, () =>
        random.pick([
          {},
          { matchLabels: { tier: 'prod' } },
          { matchExpressions: [{ key: 'tier', operator: 'In', values: ['prod', 'dev'] }] },
          { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['prod'] }] },
          { matchExpressions: [{ key: 'tier', operator: random.pick(['Exists', 'DoesNotExist', 'Is']) }] },
          { matchExpressions: [{ key: 'tier', operator: 'In', values: Array(40).fill('x'.repeat(60)) }] },
        ]),
      ),
      replication: random.perhaps(0.1, () =>
        random.pick(['AllMatchingClusters', 'AllMatchingClusters', 'AllMatchingNodes']),
      ),
    },
    status: random.perhaps(0.3, () => ({ claimName: random.pick([`modelcache--${name}`, 'mine']) })),
  }
}

/** Names of the design that this version does not have, rarely. */
function reserved(names: readonly string[], random: Random): Given {
  const given = names.filter(() => random.chance(0.01))
  return Object.fromEntries(given.map(name => [name, random.pick<unknown>(['x', { a: [1] }, 5])]))
}

/** Usually one source, but also none and several. */
function sourceOf(probability: number, random: Random): Given {
  if (!random.chance(probability)) return {}
  const [name, make] = random.pick([...Object.entries(SOURCES), ...Object.entries(SOURCES).slice(0, 1)])
  const [other, makeOther] = random.pick(Object.entries(SOURCES))
  return {
    ...(random.chance(0.98) ? { [name]: make(random) } : {}),
    ...(random.chance(0.04) ? { [other]: makeOther(random) } : {}),
  }
}

const secretRef = (random: Random) =>
  random.perhaps(0.3, () => ({
    name: random.pick(['hf-token', 'other']),
    key: random.perhaps(0.3, () => random.pick(['token', 'k'])),
  }))
const globs = (random: Random) =>
  random.perhaps(0.3, () => [written('glob', random), '*.json'].slice(random.below(3)))

const httpFile = (random: Random) => ({
  url: random.chance(0.7) ? 'https://models.example.com/a.bin' : written('url', random),
  sha256: random.perhaps(0.3, () => random.pick(['ab'.repeat(32), 'short'])),
  path: random.perhaps(0.3, () => written('file', random)),
})

const SOURCES: Record<string, (random: Random) => Given> = {
  huggingFace: random => ({
    repo: random.chance(0.4) ? 'org/model' : written('repo', random),
    kind: random.perhaps(0.1, () => random.pick(['model', 'dataset', 'space'])),
    revision: random.perhaps(0.5, () => (random.chance(0.5) ? 'main' : written('revision', random))),
    include: globs(random),
    exclude: globs(random),
    endpoint: random.perhaps(0.1, () => written('url', random)),
    secretRef: secretRef(random),
  }),
  s3: random => ({
    uri: written('s3', random),
    region: random.perhaps(0.3, () => 'eu-1'),
    endpoint: random.perhaps(0.3, () => written('url', random)),
    requesterPays: random.perhaps(0.1, () => random.pick([true, false, 'yes'])),
    secretRef: secretRef(random),
  }),
  http: random => ({
    url: random.perhaps(0.8, () => written('url', random)),
    urls: random.perhaps(0.2, () =>
      [httpFile(random), httpFile(random), httpFile(random)].slice(random.below(4)),
    ),
    sha256sums: random.perhaps(0.1, () => written('url', random)),
    archive: random.perhaps(0.1, () => random.pick(['Auto', 'None', 'tar', 'zip', 'rar'])),
    stripComponents: random.perhaps(0.1, () => random.pick([0, 1, 16, 17, -1])),
    sha256: random.perhaps(0.3, () => random.pick(['ab'.repeat(32), 'ab'.repeat(32), 'AB'.repeat(32)])),
    secretRef: random.chance(0.9)
      ? secretRef(random)
      : { name: 'signed', urlKey: random.pick(['url', 'u r l']) },
  }),
  oci: random => ({
    reference: written('oci', random),
    platform: random.perhaps(0.2, () => written('platform', random)),
    path: random.perhaps(0.2, () => written('imagePath', random)),
    plainHTTP: random.perhaps(0.1, () => random.pick([true, false, 'no'])),
    secretRef: secretRef(random),
  }),
  inline: random => ({
    files: random.chance(0.05)
      ? Object.fromEntries(
          Array.from({ length: random.pick([0, 64, 65]) }, (_, index) => [`${index}.txt`, '']),
        )
      : Object.fromEntries(
          [1, 2, 3]
            .slice(random.below(3))
            .map(() => [written('file', random), 'x'.repeat(random.chance(0.02) ? 131_073 : 3)]),
        ),
  }),
  configMap: random => ({ name: random.pick(['files', 'files', 'Files']) }),
  gcs: random => ({
    uri: written('gcs', random),
    endpoint: random.perhaps(0.2, () => written('url', random)),
    userProject: random.perhaps(0.2, () => random.pick(['ml-1', 'example.com:ml', 'ML', '', 'a b'])),
    secretRef: secretRef(random),
  }),
  azure: random => ({
    account: random.chance(0.8)
      ? 'mlmodels'
      : random.pick(['ml', 'ML1', 'ml-1', 'a'.repeat(24), 'a'.repeat(25), '']),
    uri: written('azure', random),
    endpoint: random.perhaps(0.2, () => written('url', random)),
    secretRef: secretRef(random),
  }),
  pvcClone: random => ({
    name: random.pick(['ops-staged', 'ops-staged', 'raw', 'none', 'modelcache--llama', 'Bad_Name']),
    subPath: random.perhaps(0.4, () => random.pick(['llama', 'a/b/', '/a', '../a', 'a/..', 'a\u0007', ''])),
  }),
}

const METADATA_KEYS = [
  ...[
    'team',
    'a/b',
    'kueue.x-k8s.io/queue-name',
    'vault.hashicorp.com/agent-inject',
    'A_b.c-d',
    'app.kubernetes.io/version',
  ],
  ...[
    'a b',
    '',
    '/x',
    'x/',
    'a/b/c',
    '-a',
    'UPPER.example.com/x',
    '__proto__',
    'x'.repeat(63),
    'x'.repeat(64),
  ],
]
const METADATA_VALUES = ['', 'one', 'true', 'a b', '-', 'ä', 'x'.repeat(63)]

/** Labels or annotations for a hydration pod, usually allowed ones. */
function hydrationMetadata(random: Random): Given {
  const keys = random.chance(0.6) ? METADATA_KEYS.slice(0, 3) : random.some(METADATA_KEYS, 0.2)
  const value = () => (random.chance(0.8) ? 'one' : random.pick(METADATA_VALUES))
  return Object.fromEntries(keys.map(key => [key, value()]))
}

/** The same cache with some parts of another one: an update, allowed or not. */
export function changed(cache: Given, random: Random): Given {
  if (random.chance(0.2)) return withOtherCredentials(cache)
  if (random.chance(0.2)) return resized(cache, random)
  if (random.chance(0.4)) return rewritten(cache, random)
  return exchange(cache, generateModelCache('llama', random), random)
}

/** A claim of another size, and everything else unchanged. */
function resized(cache: Given, random: Random): Given {
  const sizeGiB = random.pick([1, 100, 150, 200, 400])
  return JSON.parse(
    JSON.stringify(cache, (name, value) =>
      name === 'pvc' && isGiven(value) ? { ...value, sizeGiB } : value,
    ),
  )
}

/** The same kind of source, with one part different. */
function rewritten(cache: Given, random: Random): Given {
  return JSON.parse(
    JSON.stringify(cache, (name, value) => {
      const make = SOURCES[name]
      return make && isGiven(value) ? exchange(value, make(random), random) : value
    }),
  )
}

/** Each part is replaced as a whole, or in its members. */
function exchange(one: Given, other: Given, random: Random): Given {
  const names = Object.keys({ ...one, ...other }).filter(
    name => !['apiVersion', 'kind', 'metadata'].includes(name),
  )
  const taken = random.pick(names.length > 0 ? names : ['spec'])
  const [mine, theirs] = [one[taken], other[taken]]
  const value =
    isGiven(mine) && isGiven(theirs) && random.chance(0.8) ? exchange(mine, theirs, random) : theirs
  return { ...one, [taken]: value }
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withOtherCredentials(cache: Given): Given {
  return JSON.parse(JSON.stringify(cache, (name, value) => (name === 'secretRef' ? { name: 'new' } : value)))
}
