import { aStorageClass, NAMESPACE } from '../../api/fixtures.ts'
import type { Kind } from '../../api/kinds.ts'
import { type ModelCache, modelCache } from '../../api/modelcache.ts'
import { CLAIM_OF, REFETCH, STORAGE_FINALIZER, VERIFY } from '../../api/names.ts'
import { conditionOf } from '../../api/readiness.ts'
import { emptyStores } from '../../cluster/fixtures.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { ApiError } from '../../kube/api-error.ts'
import { silentLogger } from '../../kube/logger.fixtures.ts'
import { collectionPath, objectPath } from '../../kube/resource.ts'
import { type ActOptions, afterWrites, write, writeStatus } from './act.ts'
import { observe } from './observe.ts'
import { plan } from './plan.ts'

/**
 * A cluster in a few lines: an API server without rules, and what Kubernetes, a kubelet and a hydrator do
 * about one cache. The controller's own code observes, plans and writes in it, and time passes as a test
 * says.
 */

/** An object of any kind, as the API server stores it. */
interface Raw {
  apiVersion?: string
  kind?: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    deletionTimestamp?: string
    labels?: object | undefined
    generation?: number
    annotations?: object
    finalizers?: string[] | undefined
    ownerReferences?: { kind: string; name: string; uid?: string | undefined; controller: boolean }[]
  }
  spec?: {
    suspend?: boolean
    volumeName?: string | undefined
    [other: string]: unknown
    template?: { spec: { containers: { args: string[] }[]; volumes: { name: string }[] } }
  }
  status?: {
    phase?: string
    conditions?: object[]
    containerStatuses?: { name: string; state: { running?: object; terminated?: { exitCode: number } } }[]
  }
  /** Whether a pod mounts the claim. */
  mountsClaim?: boolean
}

const ownerOf = ({ metadata }: Raw) => metadata.ownerReferences?.[0]
const isActive = ({ status }: Raw) => status?.phase === 'Pending' || status?.phase === 'Running'
const exitOf = ({ status }: Raw) => status?.containerStatuses?.[0]?.state.terminated

const GIVES_UP_AFTER = 7
const SECOND = 1_000

/** A volume, and what is on it. */
interface Volume {
  digests: Set<string>
  isDamaged: boolean
}

export type Life = ReturnType<typeof aLife>

/**
 * By default, the cache has a claim of its own. Otherwise it is staged into a folder of one that people made.
 */
export function aLife({ isOfOthers = false } = {}) {
  const CLAIM = isOfOthers ? 'models' : 'modelcache--llama'
  const stores = emptyStores()
  const objects = new Map<string, { kind: Kind; raw: Raw }>()
  const volumes = new Map<string, Volume>()
  let counter = 0
  let now = Date.parse('2031-06-01T12:00:00Z')
  /** What the world is like. */
  const world = {
    source: 'up' as 'up' | 'down' | 'gone',
    branch: 1,
    hasSidecar: false,
    endsJobsAtOnce: false,
    /** How many of the next patches come too late. */
    conflicts: 0,
  }
  const time = () => new Date(now).toISOString().replace(/\.\d+/, '')

  const put = (kind: Kind, raw: Raw): Raw => {
    counter += 1
    raw.metadata = { ...raw.metadata, resourceVersion: String(counter) }
    const path = objectPath(KINDS[kind], raw.metadata.namespace, raw.metadata.name)
    objects.set(path, { kind, raw })
    // As the watch would show it.
    stores[kind].upsert(JSON.parse(JSON.stringify(raw)))
    return raw
  }
  const create = (kind: Kind, raw: Raw) => {
    counter += 1
    const metadata = {
      namespace: NAMESPACE,
      uid: `uid-${counter}`,
      creationTimestamp: time(),
      ...raw.metadata,
    }
    return put(kind, { ...raw, metadata })
  }
  const drop = (kind: Kind, raw: Raw) => {
    objects.delete(objectPath(KINDS[kind], raw.metadata.namespace, raw.metadata.name))
    stores[kind].remove(raw as never)
  }
  const all = (kind: Kind) => [...objects.values()].filter(found => found.kind === kind).map(({ raw }) => raw)
  const at = (path: string) => {
    const found = objects.get(path)
    if (found === undefined) throw new ApiError(404, 'NotFound', `there is no ${path}`)
    return found
  }
  const named = (kind: Kind, name: string): Raw | undefined =>
    objects.get(objectPath(KINDS[kind], NAMESPACE, name))?.raw
  const current = (): Raw | undefined => all('ModelCache')[0]
  const claim = () => named('PersistentVolumeClaim', CLAIM)
  const checkVersion = (raw: Raw, version: unknown) => {
    if (version !== undefined && version !== raw.metadata.resourceVersion)
      throw new ApiError(409, 'Conflict', 'the object has been modified')
  }
  const toBeDeleted = (kind: Kind, raw: Raw) => {
    if (raw.metadata.deletionTimestamp !== undefined) return
    put(kind, { ...raw, metadata: { ...raw.metadata, deletionTimestamp: time() } })
  }

  const rest: ActOptions['rest'] = {
    get: async path => structuredClone(at(path).raw),
    create: async (path, body) => {
      const kind = (['HydrationJob', 'PersistentVolumeClaim'] as const).find(
        one => path === collectionPath(KINDS[one], NAMESPACE),
      )
      const raw = JSON.parse(JSON.stringify(body))
      if (kind === undefined || named(kind, raw.metadata.name) !== undefined)
        throw new ApiError(409, 'AlreadyExists', 'it exists')
      return create(kind, raw)
    },
    jsonMerge: async (path, body) => {
      const { kind, raw } = at(path)
      const { metadata, spec } = JSON.parse(JSON.stringify(body))
      if (world.conflicts > 0) {
        world.conflicts -= 1
        throw new ApiError(409, 'Conflict', 'the object has been modified')
      }
      checkVersion(raw, metadata?.resourceVersion)
      return put(kind, {
        ...raw,
        metadata: { ...raw.metadata, ...metadata },
        spec: { ...raw.spec, ...spec },
      })
    },
    delete: async (path, { uid }) => {
      const { kind, raw } = at(path)
      if (uid !== undefined && uid !== raw.metadata.uid) throw new ApiError(409, 'Conflict', 'another one')
      toBeDeleted(kind, raw)
    },
    apply: async (path, body) => {
      const { kind, raw } = at(path.replace(/\/status$/, ''))
      const { metadata, status } = JSON.parse(JSON.stringify(body))
      checkVersion(raw, metadata.resourceVersion)
      return put(kind, { ...raw, status })
    },
  }

  const podsOf = (uid: string) =>
    all('HydrationPod')
      .filter(pod => ownerOf(pod)?.uid === uid)
      .map(pod => stores.HydrationPod.get(NAMESPACE, pod.metadata.name))
      .filter(pod => pod !== undefined)

  /** One look of the controller. */
  async function look(): Promise<void> {
    const cache = [...stores.ModelCache.values()][0]
    if (cache === undefined) return
    const options: ActOptions = {
      rest,
      hydrator: { image: 'hydrator', env: [] },
      recorder: { record: async () => {} },
      logger: silentLogger,
      signal: new AbortController().signal,
    }
    const seen = observe(cache, { stores, podsOf, settings: {} }, now)
    const planned = plan(seen)
    const result = await write(cache, planned.writes, options)
    const { resourceVersion = cache.metadata.resourceVersion } = result
    if (planned.status !== undefined)
      await writeStatus(cache, resourceVersion, afterWrites(planned.status, result), 'local', options)
  }

  /** What Kubernetes, a kubelet and the hydrator do next. */
  function kubernetes(): void {
    collectGarbage()
    for (const job of all('HydrationJob')) runJob(job)
    const found = claim()
    if (found === undefined) return
    const isMounted = all('HydrationPod').some(pod => pod.mountsClaim)
    if (found.metadata.deletionTimestamp !== undefined) {
      if (!isMounted) drop('PersistentVolumeClaim', found)
    } else if (found.status?.phase === undefined) bind(found)
  }

  function bind(raw: Raw): void {
    const volumeName = raw.spec?.volumeName ?? `volume-${raw.metadata.uid}`
    if (!volumes.has(volumeName)) volumes.set(volumeName, { digests: new Set(), isDamaged: false })
    const status = { phase: 'Bound', accessModes: ['ReadWriteMany'], capacity: { storage: '10Gi' } }
    put('PersistentVolumeClaim', { ...raw, spec: { ...raw.spec, volumeName }, status })
  }

  function collectGarbage(): void {
    const cache = current()
    for (const kind of ['HydrationJob', 'PersistentVolumeClaim'] as const)
      for (const raw of all(kind)) {
        const owner = ownerOf(raw)
        if (owner !== undefined && owner.uid !== cache?.metadata.uid) toBeDeleted(kind, raw)
      }
    for (const pod of all('HydrationPod'))
      if (!all('HydrationJob').some(job => job.metadata.uid === ownerOf(pod)?.uid)) drop('HydrationPod', pod)
  }

  function runJob(job: Raw): void {
    const pods = all('HydrationPod').filter(pod => ownerOf(pod)?.uid === job.metadata.uid)
    if (job.metadata.deletionTimestamp !== undefined) {
      for (const pod of pods) drop('HydrationPod', pod)
      if (pods.length === 0) drop('HydrationJob', job)
    } else if (job.status?.conditions === undefined) advanceJob(job, pods)
    else if (world.endsJobsAtOnce) toBeDeleted('HydrationJob', job)
  }

  function advanceJob(job: Raw, pods: readonly Raw[]): void {
    const active = pods.find(isActive)
    if (job.spec?.suspend) {
      if (active !== undefined) drop('HydrationPod', active)
    } else if (active !== undefined) runPod(job, active)
    else endOrTryAgain(job, pods)
  }

  function endOrTryAgain(job: Raw, pods: readonly Raw[]): void {
    const last = pods.at(-1)
    const code = last && exitOf(last)?.exitCode
    const end = (type: string) =>
      put('HydrationJob', {
        ...job,
        status: { conditions: [{ type, status: 'True', lastTransitionTime: time() }] },
      })
    if (code === 0) end('Complete')
    else if (code === 1 || pods.length >= GIVES_UP_AFTER) end('Failed')
    else createPod(job)
  }

  function createPod(job: Raw): void {
    counter += 1
    create('HydrationPod', {
      metadata: {
        name: `${job.metadata.name}-${counter}`,
        ownerReferences: [{ kind: 'Job', name: job.metadata.name, uid: job.metadata.uid, controller: true }],
      },
      mountsClaim: job.spec?.template?.spec.volumes.some(({ name }) => name === 'volume') ?? false,
      status: { phase: 'Pending' },
    })
  }

  function runPod(job: Raw, pod: Raw): void {
    if (pod.status?.phase === 'Pending') {
      const found = claim()
      const isBound = found?.status?.phase === 'Bound' && found.metadata.deletionTimestamp === undefined
      if (!pod.mountsClaim || isBound) say(pod, 'Running', { running: { startedAt: time() } })
      return
    }
    if (exitOf(pod) !== undefined) return
    const { exitCode, message } = hydrator(job)
    const terminated = { exitCode, message: JSON.stringify(message), finishedAt: time() }
    say(pod, world.hasSidecar ? 'Running' : exitCode === 0 ? 'Succeeded' : 'Failed', { terminated })
  }

  const say = (pod: Raw, phase: string, state: { running?: object; terminated?: { exitCode: number } }) =>
    put('HydrationPod', { ...pod, status: { phase, containerStatuses: [{ name: 'hydrate', state }] } })

  function hydrator(job: Raw): { exitCode: number; message: object } {
    const args = job.spec?.template?.spec.containers[0]?.args ?? []
    if (args[0] === 'verify') return hashed(args[args.indexOf('--digest') + 1] ?? '')
    if (world.source === 'down')
      return { exitCode: 75, message: { reason: 'SourceUnavailable', message: 'it is down' } }
    if (world.source === 'gone')
      return { exitCode: 1, message: { reason: 'SourceNotFound', message: 'there is none' } }
    return args.includes('--measure') ? { exitCode: 0, message: { bytes: 5, files: 1 } } : staged()
  }

  function hashed(digest: string) {
    const volume = volumeOf(claim())
    if (!volume?.digests.has(digest) || volume.isDamaged)
      return { exitCode: 1, message: { reason: 'SnapshotDamaged', message: 'it differs' } }
    return { exitCode: 0, message: { snapshots: 1, digest, files: 1, bytes: 1, seconds: 1 } }
  }

  function staged() {
    const volume = volumeOf(claim())
    if (volume === undefined) return { exitCode: 75, message: { reason: 'Interrupted', message: 'gone' } }
    const digest = `sha256:${String(world.branch).padStart(64, '0')}`
    volume.digests.add(digest)
    // It hashes what is there.
    volume.isDamaged = false
    return { exitCode: 0, message: { digest, path: 'snapshots/x', bytes: 5, files: 1, seconds: 1 } }
  }

  const annotate = (key: string) => {
    counter += 1
    const raw = current()
    if (raw === undefined) return
    const annotations = { ...raw.metadata.annotations, [key]: String(counter) }
    put('ModelCache', { ...raw, metadata: { ...raw.metadata, annotations } })
  }

  const createCache = (given: { finalizers?: string[]; sizeGiB?: number }) =>
    create('ModelCache', {
      apiVersion: 'modelplane.ai/v1alpha1',
      kind: 'ModelCache',
      metadata: { name: 'llama', generation: 1, finalizers: given.finalizers },
      spec: {
        artifact: { kind: 'Weights', source: { huggingFace: { repo: 'a/b', revision: 'main' } } },
        mount: { path: '/mnt/model' },
        storage: isOfOthers
          ? { backend: 'ExistingPVC', existingPVC: { name: CLAIM, subPath: 'llama' } }
          : { backend: 'PVC', pvc: { storageClassName: 'shared', sizeGiB: given.sizeGiB } },
      },
    })

  const volumeOf = (raw: Raw | undefined) => volumes.get(raw?.spec?.volumeName ?? '')

  const orphanClaim = (given: { labels?: object; volumeName?: string | undefined }) => {
    const old = claim()
    if (old !== undefined) drop('PersistentVolumeClaim', old)
    create('PersistentVolumeClaim', {
      metadata: { name: CLAIM, labels: given.labels },
      spec: { accessModes: ['ReadWriteMany'], storageClassName: 'shared', volumeName: given.volumeName },
    })
  }

  stores.StorageClass.upsert(aStorageClass({ name: 'shared' }))
  createCache({})
  if (isOfOthers) orphanClaim({})

  return {
    world,
    look,
    kubernetes,
    pass: (seconds: number) => {
      now += seconds * SECOND
    },
    cache: (): ModelCache | undefined => {
      const raw = current()
      return raw && modelCache.parse(structuredClone(raw))
    },
    claim,
    volume: () => volumeOf(claim()),
    ready: () => conditionOf(stores.ModelCache.get(NAMESPACE, 'llama')?.status, 'Ready'),
    /** What people, tools and accidents do. */
    refetch: () => annotate(REFETCH),
    verify: () => annotate(VERIFY),
    deleteClaim: () => {
      const raw = claim()
      if (raw !== undefined) toBeDeleted('PersistentVolumeClaim', raw)
    },
    dropClaim: () => {
      const raw = claim()
      if (raw !== undefined) drop('PersistentVolumeClaim', raw)
    },
    /** The claim as a backup brings it back: another UID, no owner. */
    restoreClaim: ({ isEmpty }: { isEmpty: boolean }) =>
      orphanClaim({
        labels: { [CLAIM_OF]: 'llama' },
        volumeName: isEmpty ? undefined : claim()?.spec?.volumeName,
      }),
    /** Another claim of that name, with nothing on it. */
    squatClaim: () => orphanClaim({}),
    loseVolume: () => {
      const raw = claim()
      if (raw !== undefined) put('PersistentVolumeClaim', { ...raw, status: { phase: 'Lost' } })
    },
    damageVolume: () => {
      const volume = volumeOf(claim())
      if (volume !== undefined) volume.isDamaged = true
    },
    deleteJobs: () => {
      for (const job of all('HydrationJob')) toBeDeleted('HydrationJob', job)
    },
    dropPods: () => {
      for (const pod of all('HydrationPod')) drop('HydrationPod', pod)
    },
    orphanJobs: () => {
      for (const job of all('HydrationJob'))
        put('HydrationJob', { ...job, metadata: { ...job.metadata, ownerReferences: [] } })
    },
    suspendJobs: (suspend: boolean) => {
      for (const job of all('HydrationJob')) put('HydrationJob', { ...job, spec: { ...job.spec, suspend } })
    },
    /**
     * The same manifest, created again with or without its claim, as `kubectl replace --force` or a restore.
     */
    createCacheAgain: ({ keepsClaim }: { keepsClaim: boolean }) => {
      const raw = current()
      const found = claim()
      if (raw !== undefined) drop('ModelCache', raw)
      if (found !== undefined && keepsClaim)
        put('PersistentVolumeClaim', { ...found, metadata: { ...found.metadata, ownerReferences: [] } })
      createCache({ finalizers: [STORAGE_FINALIZER, 'example.com/stays'] })
    },
    changeSpec: () => {
      counter += 1
      const raw = current()
      if (raw === undefined) return
      const hydration = { nodeSelector: { pool: String(counter) } }
      put('ModelCache', { ...raw, spec: { ...raw.spec, hydration } })
    },
    jobs: () => all('HydrationJob').map(({ metadata }) => metadata.name),
  }
}
