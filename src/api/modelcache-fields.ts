import { artifactSource } from './artifact-source.ts'
import { SOURCE_NAMES } from './sources.ts'

/** Credentials may change: they decide who reads the source, not what the source is. */
const CREDENTIALS = 'secretRef'

/** Every member of every source that decides which bytes it gives. */
const SOURCE_FIELDS = SOURCE_NAMES.flatMap(name =>
  Object.keys(artifactSource.shape[name].unwrap().shape)
    .filter(member => member !== CREDENTIALS)
    .map(member => `artifact.source.${name}.${member}`),
)

/**
 * Fields of the spec that never change after creation: they say which bytes lie where, and running pods rely
 * on them. Fields that are not listed may change: credentials, the size of the claim, how the Job runs.
 * Reserved fields (not-implemented.ts) can never be set, so they are not listed.
 */
export const IMMUTABLE_FIELDS: readonly string[] = [
  'artifact.kind',
  ...SOURCE_FIELDS,
  'mount.path',
  'mount.scratch',
  'storage.backend',
  'storage.pvc.storageClassName',
  'storage.existingPVC',
]
