import { isDeepStrictEqual } from 'node:util'
import { backendOf, type Cluster, isBeingDeleted, isStaged, named, SOURCES } from './cluster.ts'
import { isCacheInUse } from './deletion.ts'
import { ofHydrationMetadata } from './hydration.ts'
import { at, isObject, listAt, mapAt, textAt } from './json.ts'
import { modelCache } from './modelcache-shape.ts'
import { isCleanPath, isReservedPath, isShown } from './paths.ts'
import { isElsewhere } from './placement.ts'
import { isSourceValid } from './sources.ts'
import { effectiveClass, isReadWriteMany } from './storage-class.ts'
import { judged, type Verdict } from './verdict.ts'

/** What the design has and this version does not. */
const RESERVED = [
  ...['adapterType', 'baseRef', 'engine', 'resolvedVia', 'source.pvc-clone'].map(name => `artifact.${name}`),
  ...['clusterSelector.cel', 'storage.contentAddressed'],
]

/** DESIGN 3.1 and 3.2. */
export function judgeModelCache(request: unknown, cluster: Cluster): Verdict {
  const object = at(request, 'object')
  const cache = stored(object)
  const operation = textAt(request, 'operation') ?? ''
  if (textAt(request, 'subResource')) return judged(object, [])
  if (operation === 'DELETE') return judged(object, isCacheInUse(request, cluster) ? ['CacheInUse'] : [])
  if (operation !== 'CREATE' && operation !== 'UPDATE') return judged(object, [])
  // Whatever it looks like, because it must be able to lose its finalizers.
  if (isBeingDeleted(cache)) return judged(object, [])
  if (!modelCache(cache)) return judged(object, ['SpecInvalid'])
  const before = stored(at(request, 'oldObject'))
  // An unreadable stored object leaves nothing to compare with.
  const old = operation === 'UPDATE' && modelCache(before) ? before : undefined
  const namespace = textAt(request, 'namespace') ?? ''
  const ofOperation =
    old === undefined ? ofCreation(cache, namespace, cluster) : ofChange(cache, old, cluster)
  return judged(object, [
    ...ofItself(cache),
    ...ofStorage(cache),
    ...ofHydrationMetadata(cache, old),
    ...ofSelector(cache, old),
    ...ofOperation,
  ])
}

/** A custom resource as the API server stores it: without null members, except in metadata. */
function stored(object: unknown): unknown {
  if (!isObject(object)) return object
  const { metadata, ...rest } = object
  const text = JSON.stringify(rest, (_, value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
      : value,
  )
  return { ...JSON.parse(text), ...('metadata' in object && { metadata }) }
}

/** A selector that changes has at most 2,048 characters. */
function ofSelector(cache: unknown, old: unknown): string[] {
  const [now, before] = [cache, old].map(each => at(each, 'spec', 'clusterSelector'))
  if (now === undefined || isDeepStrictEqual(now, before)) return []
  return JSON.stringify(now).length > 2_048 ? ['SelectorTooLong'] : []
}

function ofItself(cache: unknown): string[] {
  const reasons: string[] = []
  const source = mapAt(cache, 'spec', 'artifact', 'source')
  const sources = SOURCES.filter(name => source[name] !== undefined)
  const isFilled = backendOf(cache) === 'ExistingPVC' || source['pvc-clone'] !== undefined
  if (sources.length === 0 && !isFilled) reasons.push('ArtifactSourceRequired')
  if (sources.length > 1) reasons.push('ArtifactSourceAmbiguous')

  const isReserved =
    ['Adapter', 'Engine'].includes(textAt(cache, 'spec', 'artifact', 'kind') ?? '') ||
    ['Custom', 'ContentAddressed'].includes(backendOf(cache)) ||
    textAt(cache, 'spec', 'replication') === 'AllMatchingNodes' ||
    RESERVED.some(path => at(cache, 'spec', ...path.split('.')) !== undefined)
  if (isReserved) reasons.push('NotImplemented')

  const path = textAt(cache, 'spec', 'mount', 'path') ?? ''
  if (!isCleanPath(path)) reasons.push('MountPathInvalid')
  else if (isReservedPath(path)) reasons.push('MountPathReserved')
  reasons.push(...ofScratch(path, listAt(cache, 'spec', 'mount', 'scratch').map(String)))
  return reasons
}

/** Clean folders below the path, none inside another, and none of credentials. */
function ofScratch(path: string, folders: string[]): string[] {
  const isUnsound = folders.some(
    (folder, index) =>
      !isCleanPath(`/${folder}`) ||
      folders.some((other, at) => at !== index && `/${folder}/`.startsWith(`/${other}/`)),
  )
  if (isUnsound) return ['MountPathInvalid']
  return folders.some(folder => isReservedPath(`${path}/${folder}`)) ? ['MountPathReserved'] : []
}

function ofStorage(cache: unknown): string[] {
  const { pvc, existingPVC } = mapAt(cache, 'spec', 'storage')
  const backend = backendOf(cache)
  const reasons: string[] = []
  const isMismatch =
    (backend === 'ExistingPVC') !== (existingPVC !== undefined) || (backend !== 'PVC' && pvc !== undefined)
  const folder = textAt(existingPVC, 'subPath')
  const parts = folder?.split('/') ?? []
  const isStagedInto = backend === 'ExistingPVC' && existingPVC !== undefined && isStaged(cache)
  const isTaken = parts.includes('snapshots') || parts.includes('.modelcache')
  if (isMismatch || (isStagedInto && (folder === undefined || isTaken))) reasons.push('StorageMemberMismatch')
  const isWrong = (path: string) => path.startsWith('/') || path.split('/').includes('..') || !isShown(path)
  if (folder !== undefined && isWrong(folder)) reasons.push('MountPathInvalid')
  return reasons
}

/** A source is checked when it is new, and so is what needs the cluster. */
function ofCreation(cache: unknown, namespace: string, cluster: Cluster): string[] {
  const problems = isSourceValid(at(cache, 'spec', 'artifact', 'source')) ? [] : ['SourceInvalid']
  if (isElsewhere(cache, cluster)) return problems
  return [...problems, ...ofCluster(cache, namespace, cluster), ...ofClonedClaim(cache, namespace, cluster)]
}

function ofCluster(cache: unknown, namespace: string, cluster: Cluster): string[] {
  const backend = backendOf(cache)
  if (backend === 'ExistingPVC') return ofExistingClaim(cache, namespace, cluster)
  if (backend !== 'PVC') return []
  const { name, found } = effectiveClass(cache, cluster)
  if (found === undefined) return [name === undefined ? 'NoStorageClass' : 'StorageClassNotFound']
  const answer = isReadWriteMany(found, cluster)
  const isDenied = answer === 'no' || (answer === 'unknown' && cluster.unknownProvisioner === 'Deny')
  return isDenied ? ['StorageClassNotRWX'] : []
}

/** Whatever the backend is. */
function ofClonedClaim(cache: unknown, namespace: string, { claims }: Cluster): string[] {
  const name = textAt(cache, 'spec', 'artifact', 'source', 'pvcClone', 'name')
  if (name === undefined) return []
  const claim = named(claims, name, namespace)
  if (claim === undefined) return ['ClaimNotFound']
  return isMountable(claim) ? [] : ['ClaimNotMountable']
}

function isMountable(claim: unknown): boolean {
  const isGone = isBeingDeleted(claim) || textAt(claim, 'status', 'phase') === 'Lost'
  return !isGone && textAt(claim, 'spec', 'volumeMode') !== 'Block'
}

function ofExistingClaim(cache: unknown, namespace: string, { claims }: Cluster): string[] {
  const reference = at(cache, 'spec', 'storage', 'existingPVC')
  if (!isObject(reference)) return []
  const isElsewhere = (textAt(reference, 'namespace') ?? namespace) !== namespace
  const claim = named(claims, textAt(reference, 'name'), namespace)
  if (isElsewhere || claim === undefined) return ['ClaimNotFound']
  if (!isMountable(claim)) return ['ClaimNotMountable']
  const modes = listAt(claim, 'spec', 'accessModes')
  if (isStaged(cache)) return modes.includes('ReadWriteMany') ? [] : ['ClaimNotShared']
  return modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany') ? [] : ['ClaimNotShared']
}

function ofChange(cache: unknown, old: unknown, cluster: Cluster): string[] {
  const reasons: string[] = []
  if (!isDeepStrictEqual(immutableOf(cache), immutableOf(old))) reasons.push('FieldImmutable')
  const isSameSource = isDeepStrictEqual(sourceOf(cache, true), sourceOf(old, true))
  if (!isSameSource && !isSourceValid(at(cache, 'spec', 'artifact', 'source'))) reasons.push('SourceInvalid')
  const before = at(old, 'spec', 'storage', 'pvc', 'sizeGiB')
  const now = at(cache, 'spec', 'storage', 'pvc', 'sizeGiB')
  if (typeof before !== 'number' || backendOf(cache) !== 'PVC' || now === before) return reasons
  if (typeof now !== 'number' || now < before) return [...reasons, 'SizeCannotShrink']
  const { found } = effectiveClass(cache, cluster)
  return at(found, 'allowVolumeExpansion') === true ? reasons : [...reasons, 'ExpansionNotAllowed']
}

/** What never changes: the artifact except for credentials, where it is stored, and where it appears. */
function immutableOf(cache: unknown): unknown {
  return [
    textAt(cache, 'spec', 'artifact', 'kind') ?? 'Weights',
    sourceOf(cache, false),
    at(cache, 'spec', 'mount', 'path'),
    at(cache, 'spec', 'mount', 'scratch'),
    backendOf(cache),
    at(cache, 'spec', 'storage', 'pvc', 'storageClassName'),
    ['name', 'namespace', 'subPath'].map(name => at(cache, 'spec', 'storage', 'existingPVC', name)),
  ]
}

/**
 * The source with its defaults, with or without credentials. Reserved members count only as a change of the
 * source.
 */
function sourceOf(cache: unknown, withAll: boolean): unknown {
  const source = mapAt(cache, 'spec', 'artifact', 'source')
  const members = (name: string, ...fields: string[]) => fields.map(field => at(source, name, field))
  const hub = source.huggingFace
  const revision = hub === undefined ? undefined : (at(hub, 'revision') ?? 'main')
  const secret = (name: string) => at(source, name, 'secretRef', 'name')
  const token = (name: string) => [
    secret(name),
    secret(name) === undefined || (at(source, name, 'secretRef', 'key') ?? 'token'),
  ]
  const all = [
    SOURCES.map(name => source[name] === undefined),
    [
      token('huggingFace'),
      token('http'),
      at(source, 'http', 'secretRef', 'urlKey'),
      secret('s3'),
      secret('oci'),
      secret('gcs'),
      secret('azure'),
    ],
  ]
  return [
    [revision, ...members('huggingFace', 'repo', 'kind', 'include', 'exclude', 'endpoint')],
    members('s3', 'uri', 'region', 'endpoint', 'requesterPays'),
    members('http', 'url', 'sha256', 'urls', 'sha256sums', 'archive', 'stripComponents'),
    members('oci', 'reference', 'platform', 'path', 'plainHTTP'),
    members('inline', 'files'),
    members('configMap', 'name'),
    members('gcs', 'uri', 'endpoint', 'userProject'),
    members('azure', 'account', 'uri', 'endpoint'),
    members('pvcClone', 'name', 'subPath'),
    ...(withAll ? all : []),
  ]
}
