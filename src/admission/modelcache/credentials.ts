import { isDeepStrictEqual } from 'node:util'
import type { ModelCacheSpec } from '../../api/modelcache.ts'
import type { ObjectRef } from '../clusterview.ts'
import { warning } from '../warning.ts'
import type { Rule } from './change.ts'

/** The Secret that a source names, and what must be in it. */
interface Credentials {
  /** Path of the reference. */
  field: string
  name: string
  keys: readonly string[]
  /** Type and flags with which `kubectl create secret` makes such a one. */
  type: 'generic' | 'docker-registry'
  flags: string
}

/** As the AWS SDKs and command line name them. */
const S3_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']

/** The key of a Secret of type kubernetes.io/dockerconfigjson. */
const DOCKER_CONFIG = '.dockerconfigjson'

/**
 * The Secret of the source exists and has the keys that the hydration Job will read. It may still come, so this is only told. Runs
 * on CREATE and when the reference changed.
 */
export const credentials: Rule = ({ cache, namespace, old }, view) => {
  const wanted = credentialsOf(cache.spec)
  if (wanted === undefined || (old && isDeepStrictEqual(credentialsOf(old.spec), wanted))) return {}
  const { field, name, keys, type, flags } = wanted
  const basis: ObjectRef[] = [{ kind: 'Secret', namespace, name }]
  const create = (as: string) => `kubectl -n ${namespace} create secret ${type} ${as} ${flags}`
  const secret = view.secret(namespace, name)
  if (secret === undefined) {
    const text = `there is no Secret ${namespace}/${name}; create it: ${create(name)}`
    return { warnings: [warning('SecretNotFound', `${field}.name`, text, basis)] }
  }
  if (secret === 'unreadable') return {}
  const missing = keys.filter(key => !secret.keys.includes(key))
  if (missing.length === 0) return {}
  const text = `Secret ${namespace}/${name} lacks key ${missing.join(' and key ')}; add it, or make another: ${create('NAME')}`
  return { warnings: [warning('SecretKeyNotFound', field, text, basis)] }
}

/** What the source needs; undefined where it names no Secret, as for public artifacts or a workload identity. */
function credentialsOf({ artifact }: ModelCacheSpec): Credentials | undefined {
  const { huggingFace, http, s3, oci } = artifact.source ?? {}
  if (huggingFace?.secretRef) return token('huggingFace', huggingFace.secretRef)
  if (http?.secretRef) return token('http', http.secretRef)
  if (s3?.secretRef) return { ...fieldAndName('s3', s3.secretRef), ...generic(S3_KEYS) }
  if (!oci?.secretRef) return undefined
  const flags = `--from-file=${DOCKER_CONFIG}=FILE`
  return { ...fieldAndName('oci', oci.secretRef), keys: [DOCKER_CONFIG], type: 'docker-registry', flags }
}

function token(source: string, secretRef: { name: string; key: string }): Credentials {
  return { ...fieldAndName(source, secretRef), ...generic([secretRef.key]) }
}

function fieldAndName(source: string, { name }: { name: string }) {
  return { field: `spec.artifact.source.${source}.secretRef`, name }
}

function generic(keys: readonly string[]) {
  return { keys, type: 'generic', flags: keys.map(key => `--from-literal=${key}=…`).join(' ') } as const
}
