import { CONSUMER, GATE, INJECTED, isGated } from './cluster.ts'
import { append, at, isObject, listAt, type Members, put, textAt } from './json.ts'
import type { Mount } from './mounts.ts'
import { labelFor, variantFor } from './names.ts'
import { meet, parts, sameFolder, samePlace } from './paths.ts'
import { isWindows, targetsOf } from './targets.ts'

/** The pod with its mounts, and everything that speaks against it. */
export interface Injected {
  reasons: Set<string>
  pod: unknown
}

/** DESIGN 3.3, applied to a copy of the pod. */
export function inject(original: unknown, mounts: Mount[]): Injected {
  const pod = structuredClone(original)
  const reasons = new Set<string>()
  const targets = targetsOf(
    pod,
    mounts.map(({ path }) => path),
  )
  if (isWindows(pod)) reasons.add('NotImplemented')
  if (targets === undefined) reasons.add('ReferenceInvalid')
  if (mounts.some((one, index) => mounts.slice(index + 1).some(other => meet(one.path, other.path))))
    reasons.add('MountPathConflict')
  const spec = at(pod, 'spec')
  const metadata = at(pod, 'metadata')
  if (!isObject(spec) || !isObject(metadata)) throw new Error('not a pod')
  for (const mount of mounts) {
    const volume = volumeFor(spec, mount, reasons)
    for (const container of targets ?? []) {
      if (mount.variable) setVariable(container, mount.variable, reasons)
      addMount(container, mount, volume, reasons)
      addScratch(spec, container, mount)
    }
  }
  put(
    metadata,
    'annotations',
    INJECTED,
    mounts.map(({ cache, identity }) => `${cache}=${identity}`).join(','),
  )
  put(metadata, 'labels', CONSUMER, 'true')
  if (mounts.some(({ waits }) => waits) && !isGated(pod)) append(spec, 'schedulingGates', { name: GATE })
  return { reasons, pod }
}

/** The name of the volume with the claim: the pod's own one if it is read-only, or a new one. */
function volumeFor(spec: Members, { cache, claim }: Mount, reasons: Set<string>): string {
  const volumes = listAt(spec, 'volumes')
  const ofClaim = volumes.filter(volume => textAt(volume, 'persistentVolumeClaim', 'claimName') === claim)
  const [own] = ofClaim
  if (ofClaim.some(volume => at(volume, 'persistentVolumeClaim', 'readOnly') !== true))
    reasons.add('MountNotReadOnly')
  if (own !== undefined) return textAt(own, 'name') ?? ''
  const taken = volumes.map(volume => textAt(volume, 'name'))
  let name = labelFor(cache)
  for (let count = 2; taken.includes(name); count++) name = labelFor(`${cache}-${count}`)
  append(spec, 'volumes', { name, persistentVolumeClaim: { claimName: claim, readOnly: true } })
  return name
}

function setVariable(
  container: Members,
  { name, fieldPath }: NonNullable<Mount['variable']>,
  reasons: Set<string>,
): void {
  const same = listAt(container, 'env').filter(entry => at(entry, 'name') === name)
  if (same.some(entry => at(entry, 'valueFrom', 'fieldRef', 'fieldPath') !== fieldPath))
    reasons.add('MountPathConflict')
  if (same.length === 0) append(container, 'env', { name, valueFrom: { fieldRef: { fieldPath } } })
}

/** A mount in a scratch folder lies on a folder that is there. */
function isInScratch(existing: unknown, { path, scratch }: Mount): boolean {
  const place = textAt(existing, 'mountPath')
  if (place === undefined) return false
  return scratch.some(folder => {
    const outer = parts(`${path}/${folder}`)
    return outer.every((part, index) => parts(place)[index] === part)
  })
}

/** An empty folder of one volume over each scratch folder, unless the container has something there. */
function addScratch(spec: Members, container: Members, { cache, path, scratch }: Mount): void {
  const name = variantFor(cache, 'scratch')
  for (const folder of scratch) {
    const place = `${path}/${folder}`
    const isThere = listAt(container, 'volumeMounts').some(existing =>
      samePlace(textAt(existing, 'mountPath') ?? '', place),
    )
    if (isThere) continue
    if (!listAt(spec, 'volumes').some(volume => at(volume, 'name') === name))
      append(spec, 'volumes', { name, emptyDir: {} })
    append(container, 'volumeMounts', { name, mountPath: place, subPath: folder })
  }
}

/** Leaves an identical mount alone. Anything else at its path is in the way. */
function addMount(container: Members, mount: Mount, volume: string, reasons: Set<string>): void {
  const { path, subPath, variable } = mount
  const inTheWay = [
    ...listAt(container, 'volumeMounts').filter(existing => meet(textAt(existing, 'mountPath') ?? '', path)),
    ...listAt(container, 'volumeDevices').filter(device => meet(textAt(device, 'devicePath') ?? '', path)),
  ]
  const isSame = (existing: unknown) =>
    samePlace(textAt(existing, 'mountPath') ?? '/', path) &&
    textAt(existing, 'name') === volume &&
    sameFolder(textAt(existing, 'subPath') ?? '', subPath ?? '') &&
    (textAt(existing, 'subPathExpr') ?? '') === (variable?.subPathExpr ?? '')
  for (const existing of inTheWay.filter(each => !isInScratch(each, mount))) {
    if (!isSame(existing)) reasons.add('MountPathConflict')
    else if (at(existing, 'readOnly') !== true) reasons.add('MountNotReadOnly')
  }
  if (inTheWay.some(existing => !isInScratch(existing, mount))) return
  append(container, 'volumeMounts', {
    name: volume,
    mountPath: path,
    readOnly: true,
    ...(subPath === undefined ? {} : { subPath }),
    ...(variable === undefined ? {} : { subPathExpr: variable.subPathExpr }),
  })
}
