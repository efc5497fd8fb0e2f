import { createHash } from 'node:crypto'
import { jobInputs } from '../../../api/condensed.ts'
import type { HydrationDefaults } from '../../../api/hydration-defaults.ts'
import { MANIFEST_VARIABLE, textVariables, type Variable } from '../../../api/hydration-env.ts'
import { EXIT } from '../../../api/hydration-report.ts'
import { HYDRATOR_LABELS } from '../../../api/kubernetes/hydration-job.ts'
import { HYDRATOR_CONTAINER } from '../../../api/kubernetes/hydration-pod.ts'
import { managedName, managedVariant } from '../../../api/managed-name.ts'
import type { ModelCache } from '../../../api/modelcache.ts'
import { HYDRATOR_IMAGE, MADE_FROM, REFETCH, VERIFY } from '../../../api/names.ts'
import { pinned, pinOf } from '../../../api/pinned-revision.ts'
import { API_VERSION } from '../../../api/schema/group.ts'
import { type EffectiveHydration, effectiveHydration } from './effective-hydration.ts'
import { hydrationResources } from './hydration-resources.ts'
import { inputsOf, NO_INPUTS, VOLUME, volumeOf } from './hydration-volumes.ts'
import { madeFor } from './made-for.ts'

/**
 * What a Job does: write the snapshot, measure how much a volume must hold, hash the snapshot, or remove old
 * ones.
 */
export type Purpose = 'hydrate' | 'measure' | 'verify' | 'prune'

/** Those that need only the claim, and nothing of the source. */
function isOfVolume(purpose: Purpose): boolean {
  return purpose === 'verify' || purpose === 'prune'
}

/** What an installation gives to every Job. */
export interface HydratorSettings {
  image: string
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined
  /**
   * Labels and annotations that a ModelCache may give to its hydration pod, in addition to those that every
   * installation allows.
   */
  metadataKeys?: readonly string[] | undefined
  /** Proxies, a company CA, the hub. */
  env: readonly Variable[]
  /** What the ModelCache may leave open. */
  defaults?: HydrationDefaults | undefined
}

/** The claim of a Job, and how much it holds. */
export interface MountedClaim {
  uid: string | undefined
  bytes: number | undefined
}

/** The same, for one Job. */
export interface JobSettings extends HydratorSettings {
  /** The claim that the Job reads or writes; undefined if it only measures. */
  claim?: MountedClaim | undefined
}

/** The container's termination message is what it writes to this file. */
const TERMINATION_LOG = '/dev/termination-log'

/** uid and gid of the image's user. */
const NONROOT = 65_532

/** How many more pods a Job may create after the first one. The pauses in between grow to ten minutes. */
const BACKOFF_LIMIT = 6

/** A failed Job and its log stay this long. A policy that only fills in a missing value finds one. */
const TTL_SECONDS = 7 * 24 * 3600

/**
 * Turns off the sidecars of service meshes, which slow down a download and may outlive the container.
 * `spec.hydration` can turn them on.
 */
function meshMetadata({ labels, annotations }: EffectiveHydration) {
  // Istio reads the label, and older versions of it the annotation.
  const istio = labels?.[ISTIO] ?? annotations?.[ISTIO] ?? 'false'
  return {
    labels: { [ISTIO]: istio },
    annotations: { 'linkerd.io/inject': 'disabled', ...annotations, [ISTIO]: istio },
  }
}

const ISTIO = 'sidecar.istio.io/inject'

/** The name of the Job of a cache. It is reserved, like the name of the claim. */
export function jobName({ metadata }: ModelCache, purpose: Purpose): string {
  return purpose === 'hydrate' ? managedName(metadata.name) : managedVariant(metadata.name, purpose)
}

/**
 * This value stays the same until something changes that decides what a Job does. Until then a failed Job
 * would fail again.
 */
export function madeFrom(cache: ModelCache, purpose: Purpose, claimUID?: string): string {
  const { annotations } = cache.metadata
  const { resolvedDigest, removal } = cache.status ?? {}
  const parts = {
    hydrate: [jobInputs(cache), annotations?.[REFETCH], claimUID, ...sinceOf(cache), ...pinsOf(cache)],
    measure: [jobInputs(cache), annotations?.[REFETCH], claimUID, ...pinsOf(cache)],
    verify: [resolvedDigest, jobInputs(cache), annotations?.[VERIFY], claimUID],
    prune: [removal?.digests, jobInputs(cache), claimUID],
  }[purpose]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** Absent if there is none, so that Jobs of before that annotation stay what they are. */
function pinsOf(cache: ModelCache): string[] {
  const pin = pinOf(cache)
  return pin === undefined ? [] : [pin]
}

/** A failure of an earlier look at the source does not count for the next one. */
function sinceOf({ status }: ModelCache): string[] {
  return status?.lastCheckedAt === undefined ? [] : [status.lastCheckedAt]
}

/**
 * The Job that stages a cache. It is created suspended: its pods may write to the claim only once its UID is
 * in the status of the cache. One pod runs at a time. A final failure ends the Job at once; an eviction or a
 * preemption does not count.
 */
export function hydrationJob(cache: ModelCache, purpose: Purpose, settings: JobSettings): object {
  const { labels, ...made } = madeFor(cache)
  const hydration = effectiveHydration(cache, settings.defaults)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cache, purpose),
      ...made,
      labels: { ...hydration.labels, ...labels, ...HYDRATOR_LABELS },
      annotations: {
        ...hydration.annotations,
        [MADE_FROM]: madeFrom(cache, purpose, settings.claim?.uid),
      },
    },
    spec: {
      suspend: true,
      completions: 1,
      parallelism: 1,
      backoffLimit: BACKOFF_LIMIT,
      ttlSecondsAfterFinished: TTL_SECONDS,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          {
            action: 'FailJob',
            onExitCodes: {
              containerName: HYDRATOR_CONTAINER,
              operator: 'In',
              values: [EXIT.failed, EXIT.usage],
            },
          },
        ],
      },
      template: podTemplate(cache, purpose, settings, hydration),
    },
  }
}

function podTemplate(
  cache: ModelCache,
  purpose: Purpose,
  { image, imagePullPolicy = 'IfNotPresent', env, claim }: JobSettings,
  hydration: EffectiveHydration,
): object {
  const { labels } = madeFor(cache)
  const mesh = meshMetadata(hydration)
  const inputs = isOfVolume(purpose) ? NO_INPUTS : inputsOf(cache)
  const volumes = [
    { name: 'tmp', emptyDir: { sizeLimit: '32Mi' }, mountPath: '/tmp' },
    ...inputs.volumes,
    ...(purpose === 'measure' ? [] : [volumeOf(cache, { readOnly: purpose === 'verify' })]),
  ]
  return {
    metadata: {
      labels: { ...hydration.labels, ...mesh.labels, ...labels, ...HYDRATOR_LABELS },
      annotations: { ...mesh.annotations, [HYDRATOR_IMAGE]: image },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      serviceAccountName: hydration.serviceAccountName,
      imagePullSecrets: hydration.imagePullSecrets,
      nodeSelector: { 'kubernetes.io/os': 'linux', ...hydration.nodeSelector },
      tolerations: hydration.tolerations,
      affinity: hydration.affinity,
      priorityClassName: hydration.priorityClassName,
      runtimeClassName: hydration.runtimeClassName,
      securityContext: podSecurityContext(hydration, cache.spec.storage.backend === 'ExistingPVC'),
      containers: [
        {
          name: HYDRATOR_CONTAINER,
          image,
          imagePullPolicy,
          args: [...command(cache, purpose, claim), '--report', TERMINATION_LOG, ...inputs.args],
          env: isOfVolume(purpose)
            ? []
            : [...env, ...textVariables(MANIFEST_VARIABLE, JSON.stringify(manifestOf(cache)))],
          resources: hydrationResources(hydration),
          // If the process ends without a message, the end of its log is better than nothing.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: volumes.map(({ name, mountPath, readOnly, subPath }) => ({
            name,
            mountPath,
            ...(readOnly && { readOnly }),
            ...(subPath !== undefined && { subPath }),
          })),
        },
      ],
      volumes: volumes.map(({ mountPath, readOnly, subPath, ...volume }) => volume),
    },
  }
}

/**
 * The role and what it works on. After a verification that found damage, no file on the volume is believed.
 */
function command({ spec, status }: ModelCache, purpose: Purpose, claim: MountedClaim | undefined): string[] {
  const { resolvedDigest, verification, removal } = status ?? {}
  const { connections } = spec.hydration ?? {}
  switch (purpose) {
    case 'measure':
      return ['hydrate', '--measure']
    case 'verify':
      return ['verify', VOLUME, ...(resolvedDigest === undefined ? [] : ['--digest', resolvedDigest])]
    case 'prune':
      return ['prune', VOLUME, '--digests', (removal?.digests ?? []).join(',')]
    case 'hydrate':
      return [
        ...['hydrate', '--into', VOLUME],
        ...(claim?.uid === undefined ? [] : ['--claim-uid', claim.uid]),
        ...(claim?.bytes === undefined ? [] : ['--max-bytes', String(claim.bytes)]),
        ...(verification?.intact === false ? ['--rehash'] : []),
        ...(connections === undefined ? [] : ['--connections', String(connections)]),
      ]
  }
}

/** What is null stays away from the pod, and so does everything if the context is empty. */
function podSecurityContext({ securityContext }: EffectiveHydration, isOfOthers: boolean): object {
  const isEmpty = securityContext !== undefined && Object.keys(securityContext).length === 0
  const ours = isEmpty ? null : NONROOT
  const { runAsUser = ours, runAsGroup = ours, supplementalGroups } = securityContext ?? {}
  // For a group, kubelet changes the owner of every file of a claim, and this one belongs to somebody else.
  const { fsGroup = isOfOthers ? null : ours } = securityContext ?? {}
  return {
    runAsNonRoot: runAsUser !== 0,
    ...(runAsUser !== null && { runAsUser }),
    ...(runAsGroup !== null && { runAsGroup }),
    ...(fsGroup !== null && { fsGroup }),
    // Kubernetes does not walk a volume with many files again for each Job.
    fsGroupChangePolicy: 'OnRootMismatch',
    ...(supplementalGroups !== undefined && { supplementalGroups }),
    seccompProfile: { type: 'RuntimeDefault' },
  }
}

/** What `modelcache hydrate` reads: the ModelCache, without the parts that it does not need. */
function manifestOf(cache: ModelCache): object {
  const { name, namespace } = cache.metadata
  const { artifact, mount } = cache.spec
  return {
    apiVersion: API_VERSION,
    kind: 'ModelCache',
    metadata: { name, namespace },
    spec: { artifact: { ...artifact, source: pinned(artifact.source, pinOf(cache)) }, mount },
  }
}
