import { describe, expect, test } from 'vitest'
import { aModelCache, NAMESPACE } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { credentials } from './credentials.ts'

type Source = NonNullable<ModelCache['spec']['artifact']['source']>

const of = (source: Source) => aModelCache({ spec: { artifact: { source } } })
const secret = (name: string, ...keys: string[]) => ({ metadata: { name, namespace: NAMESPACE }, keys })
const basis = [{ kind: 'Secret', namespace: NAMESPACE, name: 'creds' }]

function warnings(cache: ModelCache, old?: ModelCache, secrets: ReturnType<typeof secret>[] = []) {
  return credentials({ namespace: NAMESPACE, cache, old }, aView({ secrets }), aPolicy()).warnings ?? []
}

const CREATE = 'kubectl -n ml-team create secret'

describe.each<[string, Source, string[], string]>([
  [
    'huggingFace',
    { huggingFace: { repo: 'a/b', revision: 'v1', secretRef: { name: 'creds', key: 'token' } } },
    ['token'],
    'generic NAME --from-literal=token=…',
  ],
  [
    'http',
    { http: { url: 'https://models.example.com/x', secretRef: { name: 'creds', key: 'bearer' } } },
    ['bearer'],
    'generic NAME --from-literal=bearer=…',
  ],
  [
    's3',
    { s3: { uri: 's3://bucket/x/', secretRef: { name: 'creds' } } },
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    'generic NAME --from-literal=AWS_ACCESS_KEY_ID=… --from-literal=AWS_SECRET_ACCESS_KEY=…',
  ],
  [
    'oci',
    { oci: { reference: 'ghcr.io/models/llama:70b', secretRef: { name: 'creds' } } },
    ['.dockerconfigjson'],
    'docker-registry NAME --from-file=.dockerconfigjson=FILE',
  ],
])('the Secret of %s', (member, source, keys, make) => {
  const field = `spec.artifact.source.${member}.secretRef`

  test('is told when it does not exist, with how to create it, on the basis of that Secret', () => {
    const found = warnings(of(source))
    expect(found).toMatchObject([{ violation: { reason: 'SecretNotFound', field: `${field}.name` }, basis }])
    expect(found[0]?.violation.text).toBe(
      `there is no Secret ml-team/creds; create it: ${CREATE} ${make.replace('NAME', 'creds')}`,
    )
  })

  test.each(keys)('is told when it lacks %s, with how to make one that has it', key => {
    const others = keys.filter(name => name !== key)
    const found = warnings(of(source), undefined, [secret('creds', 'HF_TOKEN', ...others)])
    expect(found).toMatchObject([{ violation: { reason: 'SecretKeyNotFound', field }, basis }])
    expect(found[0]?.violation.text).toContain(
      `Secret ml-team/creds lacks key ${key}; add it, or make another: `,
    )
    expect(found[0]?.violation.text).toContain(`${CREATE} ${make.slice(0, 40)}`)
  })

  test('is not told of when it has what is needed', () => {
    expect(warnings(of(source), undefined, [secret('creds', 'more', ...keys)])).toEqual([])
  })

  test('is not told of on an update that leaves it alone', () => {
    const labelled = of(source)
    labelled.metadata.generation = 2
    expect(warnings(labelled, of(source))).toEqual([])
  })
})

test('all missing keys are named at once', () => {
  const cache = of({ s3: { uri: 's3://bucket/x/', secretRef: { name: 'creds' } } })
  expect(warnings(cache, undefined, [secret('creds')])[0]?.violation.text).toContain(
    'lacks key AWS_ACCESS_KEY_ID and key AWS_SECRET_ACCESS_KEY',
  )
})

describe('on an update', () => {
  const token = (name: string, key: string) =>
    of({ huggingFace: { repo: 'a/b', revision: 'v1', secretRef: { name, key } } })
  const bare = of({ huggingFace: { repo: 'a/b', revision: 'v1' } })

  test.each([
    ['another Secret', token('creds', 'token'), token('old', 'token'), 'SecretNotFound'],
    ['a first Secret', token('creds', 'token'), bare, 'SecretNotFound'],
    ['another key', token('old', 'other'), token('old', 'token'), 'SecretKeyNotFound'],
  ])('to %s it is looked at', (_, now, before, reason) => {
    const found = warnings(now, before, [secret('old', 'token')])
    expect(found.map(({ violation }) => violation.reason)).toEqual([reason])
  })

  test('that takes it away nothing is looked at', () => {
    expect(warnings(bare, token('creds', 'token'))).toEqual([])
  })
})

test.each<[string, Source]>([
  ['a public repository', { huggingFace: { repo: 'a/b', revision: 'v1' } }],
  ['a bucket that an identity opens', { s3: { uri: 's3://bucket/x/' } }],
  ['a public URL', { http: { url: 'https://models.example.com/x' } }],
  ['a public artifact', { oci: { reference: 'ghcr.io/models/llama:70b' } }],
  ['a ConfigMap', { configMap: { name: 'creds' } }],
])('%s needs none', (_, source) => {
  expect(warnings(of(source))).toEqual([])
})

test('a Secret that may not be read is not told of', () => {
  const { spec } = of({
    huggingFace: { repo: 'a/b', revision: 'v1', secretRef: { name: 'creds', key: 'token' } },
  })
  const change = { namespace: NAMESPACE, cache: aModelCache({ spec }), old: undefined }
  expect(credentials(change, { ...aView(), secret: () => 'unreadable' }, aPolicy())).toEqual({})
})

test('the Secret of another namespace does not count', () => {
  const cache = of({ s3: { uri: 's3://bucket/x/', secretRef: { name: 'creds' } } })
  const elsewhere = { ...secret('creds', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY') }
  elsewhere.metadata.namespace = 'other'
  expect(warnings(cache, undefined, [elsewhere])).toHaveLength(1)
})
