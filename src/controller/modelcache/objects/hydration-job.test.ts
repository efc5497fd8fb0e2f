import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AWS_SECRET_KEYS } from '../../../api/aws-secret-keys.ts'
import { DIGEST } from '../../../api/fixtures.ts'
import { textOf } from '../../../api/hydration-env.ts'
import { aTakenUpCache } from '../fixtures.ts'
import { hydrationJob, jobName, madeFrom, type Purpose } from './hydration-job.ts'

const settings = {
  image: 'registry.example/modelcache:1',
  env: [{ name: 'HTTPS_PROXY', value: 'http://proxy' }],
}

const container = z.looseObject({
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  volumeMounts: z.array(z.looseObject({ mountPath: z.string(), readOnly: z.boolean().optional() })),
})
const made = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
      spec: z.looseObject({
        containers: z.tuple([container]),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
  }),
})

function podOf(given: Parameters<typeof aTakenUpCache>[0] = {}, purpose: Purpose = 'hydrate') {
  const { template } = made.parse(
    JSON.parse(
      JSON.stringify(
        hydrationJob(aTakenUpCache(given), purpose, {
          ...settings,
          claim: purpose === 'measure' ? undefined : { uid: 'uid-1', bytes: 2 ** 30 },
        }),
      ),
    ),
  ).spec
  return { ...template.metadata, ...template.spec, container: template.spec.containers[0] }
}

test('the pod hydrates onto the claim, from the ModelCache that it carries', () => {
  const { container: hydrator, volumes } = podOf()
  expect(hydrator.args).toEqual([
    'hydrate',
    ...['--into', '/volume'],
    ...['--claim-uid', 'uid-1'],
    ...['--max-bytes', '1073741824'],
    ...['--report', '/dev/termination-log'],
  ])
  expect(volumes).toContainEqual({
    name: 'volume',
    persistentVolumeClaim: { claimName: 'modelcache--llama' },
  })
  const env = Object.fromEntries(hydrator.env.map(({ name, value }) => [name, value]))
  expect(env.HTTPS_PROXY).toBe('http://proxy')
  expect(JSON.parse(textOf('MODELCACHE_MANIFEST', env) ?? '')).toMatchObject({
    kind: 'ModelCache',
    spec: { artifact: aTakenUpCache().spec.artifact },
  })
})

test('a pod that measures mounts no volume', () => {
  const { container: hydrator, volumes } = podOf({}, 'measure')
  expect(hydrator.args).toEqual(['hydrate', '--measure', '--report', '/dev/termination-log'])
  expect(volumes.map(({ name }) => name)).toEqual(['tmp'])
})

test('a pod that verifies mounts the claim read-only, and gets nothing of the source', () => {
  const status = { resolvedDigest: DIGEST }
  const source = { huggingFace: { repo: 'a/b', secretRef: { name: 'hf', key: 'token' } } }
  const { container: hydrator, volumes } = podOf({ status, spec: { artifact: { source } } }, 'verify')
  expect(hydrator.args).toEqual(['verify', '/volume', '--digest', DIGEST, '--report', '/dev/termination-log'])
  expect(hydrator.env).toEqual([])
  expect(volumes.map(({ name }) => name)).toEqual(['tmp', 'volume'])
  expect(volumes).toContainEqual({
    name: 'volume',
    persistentVolumeClaim: { claimName: 'modelcache--llama', readOnly: true },
  })
  expect(hydrator.volumeMounts).toContainEqual({ name: 'volume', mountPath: '/volume', readOnly: true })
})

test('a pod that stages into a claim of others sees its folder alone, and changes no owners there', () => {
  const storage = { backend: 'ExistingPVC', existingPVC: { name: 'models', subPath: 'llama' } } as const
  for (const purpose of ['hydrate', 'verify'] as const) {
    const found = podOf({ spec: { storage } }, purpose)
    const claim = { claimName: 'models', ...(purpose === 'verify' && { readOnly: true }) }
    expect(found.volumes).toContainEqual({ name: 'volume', persistentVolumeClaim: claim })
    expect(found.container.volumeMounts).toContainEqual(
      expect.objectContaining({ name: 'volume', mountPath: '/volume', subPath: 'llama' }),
    )
    expect(found).not.toHaveProperty('securityContext.fsGroup')
  }
})

test('spec.hydration says how many connections it opens', () => {
  const { args } = podOf({ spec: { hydration: { connections: 4 } } }).container
  expect(args.join(' ')).toContain('--connections 4')
})

test('after a verification that found damage, every file is hashed', () => {
  const finishedAt = '2031-06-01T11:59:59Z'
  const verification = { digest: DIGEST, intact: false, finishedAt }
  expect(podOf({ status: { verification } }).container.args).toContain('--rehash')
  const intact = { ...verification, intact: true }
  expect(podOf({ status: { verification: intact } }).container.args).not.toContain('--rehash')
})

test('the Secret of the source is mounted, that key of it alone, and is not missed by Kubernetes', () => {
  const source = { huggingFace: { repo: 'a/b', secretRef: { name: 'hf', key: 'token' } } }
  const { container: hydrator, volumes } = podOf({ spec: { artifact: { source } } })
  expect(hydrator.args.slice(9)).toEqual(['--secrets', '/secrets', '--await-inputs'])
  expect(volumes).toContainEqual({
    name: 'secret',
    secret: {
      secretName: 'hf',
      optional: true,
      items: [{ key: 'token', path: 'token' }],
      defaultMode: 0o440,
    },
  })
  expect(hydrator.volumeMounts).toContainEqual({ name: 'secret', mountPath: '/secrets/hf', readOnly: true })
})

test('of a Secret for a bucket, the keys of all usual names are mounted, whichever it has', () => {
  const source = { s3: { uri: 's3://models/llama/', secretRef: { name: 'bucket' } } }
  const { volumes } = podOf({ spec: { artifact: { source } } })
  const found = volumes.find(({ name }) => name === 'secret')
  const items = Object.values(AWS_SECRET_KEYS)
    .flat()
    .map(key => ({ key, path: key }))
  expect(found).toMatchObject({ secret: { secretName: 'bucket', optional: true, items } })
})

test('a ConfigMap is mounted', () => {
  const { container: hydrator } = podOf({ spec: { artifact: { source: { configMap: { name: 'chat' } } } } })
  expect(hydrator.args.slice(9)).toEqual(['--config-maps', '/config-maps', '--await-inputs'])
  expect(hydrator.volumeMounts).toContainEqual({
    name: 'config-map',
    mountPath: '/config-maps/chat',
    readOnly: true,
  })
})

describe('spec.hydration', () => {
  test('says where and how, beside what we say', () => {
    const pod = podOf({
      spec: {
        hydration: {
          serviceAccountName: 'puller',
          imagePullSecrets: [{ name: 'pull' }],
          nodeSelector: { pool: 'io' },
          tolerations: [{ key: 'io', operator: 'Exists' }],
          resources: { limits: { memory: '2Gi' } },
          securityContext: { runAsUser: 0, supplementalGroups: [7] },
          labels: { 'azure.workload.identity/use': 'true', 'app.kubernetes.io/component': 'mine' },
          annotations: { note: 'x' },
        },
      },
    })
    expect(pod).toMatchObject({
      serviceAccountName: 'puller',
      imagePullSecrets: [{ name: 'pull' }],
      nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'io' },
      tolerations: [{ key: 'io', operator: 'Exists' }],
      securityContext: { runAsNonRoot: false, runAsUser: 0, runAsGroup: 65532, supplementalGroups: [7] },
      labels: { 'azure.workload.identity/use': 'true', 'app.kubernetes.io/component': 'hydrator' },
      annotations: { note: 'x', 'linkerd.io/inject': 'disabled' },
    })
    expect(pod.container.resources).toMatchObject({
      requests: { cpu: '250m', memory: '256Mi' },
      limits: { memory: '2Gi', 'ephemeral-storage': '256Mi' },
    })
  })

  test('may ask for the proxy of a mesh, which we turn off otherwise', () => {
    const labels = { 'sidecar.istio.io/inject': 'true' }
    expect(podOf().labels).toMatchObject({ 'sidecar.istio.io/inject': 'false' })
    for (const hydration of [{ labels }, { annotations: labels }])
      expect(podOf({ spec: { hydration } })).toMatchObject({ labels, annotations: labels })
  })

  test.each([
    ['by null', { runAsUser: null, runAsGroup: null, fsGroup: null }],
    // kubectl apply removes null members before it sends an object.
    ['by an empty context', {}],
  ])('may leave the user and the groups to the cluster, %s', (_, securityContext) => {
    expect(podOf({ spec: { hydration: { securityContext } } })).toHaveProperty('securityContext', {
      runAsNonRoot: true,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    })
  })

  test('may allow less than our requests', () => {
    const { container: hydrator } = podOf({
      spec: { hydration: { resources: { limits: { memory: '128Mi' } } } },
    })
    expect(hydrator.resources).toMatchObject({ requests: { memory: '128Mi' }, limits: { memory: '128Mi' } })
  })

  test('may ask for more than our limits: what is asked for is granted', () => {
    const { container: hydrator } = podOf({
      spec: { hydration: { resources: { requests: { memory: '4Gi', cpu: 8 } } } },
    })
    expect(hydrator.resources).toMatchObject({
      requests: { memory: '4Gi', cpu: 8 },
      limits: { memory: '4Gi', cpu: 8 },
    })
  })
})

test('two Jobs of one cache, and of two caches, never share a name', () => {
  const caches = ['llama', 'llama.measure', 'llama-measure', 'l'.repeat(200), `${'l'.repeat(200)}.measure`]
  const names = caches.flatMap(name =>
    (['hydrate', 'measure'] as const).map(purpose => jobName(aTakenUpCache({ name }), purpose)),
  )
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^modelcache--[a-z0-9-]{1,51}$/)
})

test('what a Job is made from is the same for inline files and for their digests', () => {
  const files = { a: 'content' }
  const digests = { a: 'sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73' }
  const [whole, condensed] = [files, digests].map(inline =>
    madeFrom(aTakenUpCache({ spec: { artifact: { source: { inline: { files: inline } } } } }), 'hydrate'),
  )
  expect(whole).toBe(condensed)
})
