import { isDeepStrictEqual } from 'node:util'
import { isAllowedKey } from '../../api/hydration-metadata.ts'
import { objectName } from '../../api/schema/object-name.ts'
import { quote } from '../../api/schema/text.ts'
import { violation } from '../../api/violation.ts'
import { error, type Finding } from '../finding.ts'
import type { Rule } from './change.ts'

/** The limit covers labels and annotations together, because each Job and each of its pods carries them. */
const MAX_BYTES = 16_384

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/

/**
 * The labels and annotations that a ModelCache gives to its Job, pod and claim. Runs on CREATE and when they
 * change.
 */
export const hydrationMetadata: Rule = ({ cache, old }, _view, { hydrationKeys = [] }) => [
  ...findings('spec.hydration', cache.spec.hydration, old && (old.spec.hydration ?? {}), hydrationKeys),
  ...findings('spec.storage.pvc', cache.spec.storage.pvc, old && (old.spec.storage.pvc ?? {}), hydrationKeys),
]

interface Metadata {
  labels?: Readonly<Record<string, string>> | undefined
  annotations?: Readonly<Record<string, string>> | undefined
}

function findings(
  owner: string,
  metadata: Metadata = {},
  before: Metadata | undefined,
  hydrationKeys: readonly string[],
): Finding[] {
  if (metadata.labels === undefined && metadata.annotations === undefined) return []
  const { labels = {}, annotations = {} } = metadata
  if (before && isDeepStrictEqual([before.labels ?? {}, before.annotations ?? {}], [labels, annotations]))
    return []
  const entries = [
    ...Object.entries(labels).map(([key, value]) => ({ kind: 'labels', key, value })),
    ...Object.entries(annotations).map(([key, value]) => ({ kind: 'annotations', key, value })),
  ]
  const bytes = entries.reduce(
    (sum, { key, value }) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  if (bytes > MAX_BYTES) {
    const text = `labels and annotations of ${owner} have ${bytes} bytes in total, but at most ${MAX_BYTES} are allowed`
    return [invalid(owner, text)]
  }
  return entries.flatMap(({ kind, key, value }) => {
    const place = `${owner}.${kind}`
    const field = `${place}[${key}]`
    if (!isQualifiedName(key)) {
      const text = `${place} has ${quote(key)}, which Kubernetes does not accept as a key; write it as example.com/name`
      return [invalid(field, text)]
    }
    if (kind === 'labels' && value !== '' && !NAME.test(value)) {
      const text = `${place} has value ${quote(value)}, which Kubernetes does not accept in a label; use up to 63 letters, digits, "-", "_" and "."`
      return [invalid(field, text)]
    }
    if (isAllowedKey(key, hydrationKeys)) return []
    const text = `${place} has ${quote(key)}, which injectors and provisioners may obey; remove it, or ask an administrator to allow it with --hydration-metadata`
    return [error(violation('HydrationMetadataNotAllowed', field, text))]
  })
}

/** Kubernetes: 63 characters, with or without a prefix that is a DNS subdomain. */
function isQualifiedName(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').toReversed()
  return (
    more.length === 0 && NAME.test(name) && (prefix === undefined || objectName.safeParse(prefix).success)
  )
}

function invalid(field: string, text: string): Finding {
  return error(violation('HydrationMetadataInvalid', field, text))
}
