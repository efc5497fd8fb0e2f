import { describe, expect, test } from 'vitest'
import { aModelCache, NAMESPACE } from '../../api/fixtures.ts'
import type { ModelCache } from '../../api/modelcache.ts'
import { aPolicy, aView } from '../fixtures.ts'
import { sourceInvalid } from './source-invalid.ts'

type Source = NonNullable<ModelCache['spec']['artifact']['source']>

const cacheOf = (source: object) => aModelCache({ spec: { artifact: { source: source as Source } } })

function findings(source: object, old?: ModelCache) {
  const change = { namespace: NAMESPACE, cache: cacheOf(source), old }
  return sourceInvalid(change, aView(), aPolicy()).map(({ violation }) => violation)
}

const hf = (given: object) => ({ huggingFace: { repo: 'a/b', ...given } })
const SHA256 = `sha256:${'a'.repeat(64)}`

const FILES = [
  { url: 'https://e.com/a.bin' },
  { url: 'https://e.com/b.bin', sha256: 'a'.repeat(64), path: 'sub/b' },
]

describe('a source may be', () => {
  test.each<[string, object]>([
    ...[
      'gpt2',
      'meta-llama/Llama-3.3-70B-Instruct',
      'a/b',
      '01-ai/Yi_1.5',
      '_x/y_',
      `${'o'.repeat(96)}/${'n'.repeat(96)}`,
    ].map((repo): [string, object] => [`repository ${repo.slice(0, 40)}`, hf({ repo })]),
    ...['main', 'v1.0', 'refs/pr/12', 'feature/x-y', 'a@b', '5206a32e'].map((revision): [string, object] => [
      `revision ${revision}`,
      hf({ revision }),
    ]),
    ...['*.json', 'sub/**/*.safetensors', '[ab]?.bin', 'a..b', '.gitattributes'].map(
      (glob): [string, object] => [`glob ${glob}`, hf({ include: [glob], exclude: [glob] })],
    ),
    ...['s3://abc', 's3://my.bucket-1/a/b/', 's3://bucket/ä b/', 's3://1.2.3.4a/'].map(
      (uri): [string, object] => [uri, { s3: { uri } }],
    ),
    ['an S3 endpoint', { s3: { uri: 's3://bucket', endpoint: 'http://minio.minio.svc.cluster.local:9000' } }],
    ...[
      'https://e.com/x.tar?version=1#a',
      'http://10.0.0.1:8080/x',
      'https://[2001:db8::1]/x',
      'https://e.com/@scope/x',
    ].map((url): [string, object] => [url, { http: { url } }]),
    ...[
      'ghcr.io/a/b:1',
      'localhost:5000/x',
      `r.example/a__b/c-d.e@${SHA256}`,
      `r.example/a:v1@${SHA256}`,
    ].map((reference): [string, object] => [reference, { oci: { reference } }]),
    ['several files', { http: { urls: FILES, sha256sums: 'https://e.com/SHA256SUMS' } }],
    ['an archive', { http: { url: 'https://e.com/x', archive: 'tar', stripComponents: 1 } }],
    ['a URL that a Secret holds', { http: { secretRef: { name: 'signed', urlKey: 'url' } } }],
    [
      'a query that only sounds like a token',
      { http: { url: 'https://e.com/x?tokenizer=a&design=b&key=c' } },
    ],
    ['inline files', { inline: { files: { 'a.txt': '', 'sub/b.txt': 'x'.repeat(262_144) } } }],
  ])('%s', (_, source) => {
    expect(findings(source)).toEqual([])
  })
})

describe('a source is SourceInvalid as', () => {
  const inline = (...names: string[]) => ({
    inline: { files: Object.fromEntries(names.map(name => [name, 'x'])) },
  })
  const rows: [string, object, string, string][] = [
    ...['a/b/c', '/a', 'a/', '-a/b', 'a/b-', 'a/.b', 'a b/c', 'a/b.', '', `a/${'b'.repeat(97)}`].map(
      (repo): [string, object, string, string] => [
        `repository ${JSON.stringify(repo.slice(0, 20))}`,
        hf({ repo }),
        'huggingFace.repo',
        'organisation/name',
      ],
    ),
    ['repository a--b', hf({ repo: 'x/a--b' }), 'huggingFace.repo', '"--"'],
    ['repository a..b', hf({ repo: 'x/a..b' }), 'huggingFace.repo', '".."'],
    ['repository a.git', hf({ repo: 'x/a.git' }), 'huggingFace.repo', '".git"'],
    ...['a b', 'a\tb', 'a~1', 'a^', 'a:b', 'a?', 'a*', 'a[b', 'a\\b', 'a\u007f'].map(
      (revision): [string, object, string, string] => [
        `revision ${JSON.stringify(revision)}`,
        hf({ revision }),
        'huggingFace.revision',
        'branch, tag or commit',
      ],
    ),
    ...['a..b', '/a', 'a/', 'a//b', '.a', 'a/.b', 'a.', 'x.lock', 'x.lock/y', 'a@{1}', '@', '-a'].map(
      (revision): [string, object, string, string] => [
        `revision ${revision}`,
        hf({ revision }),
        'huggingFace.revision',
        'git allows',
      ],
    ),
    ['a glob from the root', hf({ include: ['a', '/etc/*'] }), 'huggingFace.include', 'relative'],
    ['a glob with a line break', hf({ exclude: ['a\nb'] }), 'huggingFace.exclude', 'control'],
    ['a glob that climbs', hf({ exclude: ['a/../../b'] }), 'huggingFace.exclude', '".."'],
    ...[
      's3://ab/x',
      's3://Bucket/x',
      's3://a_b/x',
      's3:///x',
      'https://b/x',
      's3://-ab/',
      `s3://${'b'.repeat(64)}/`,
    ].map((uri): [string, object, string, string] => [uri, { s3: { uri } }, 's3.uri', 's3://bucket/prefix/']),
    ...['s3://a..b/x', 's3://10.0.0.1/x', 's3://xn--abc/x', 's3://bucket/a/../b'].map(
      (uri): [string, object, string, string] => [uri, { s3: { uri } }, 's3.uri', 'without'],
    ),
    [
      'an endpoint without a scheme',
      { s3: { uri: 's3://abc', endpoint: 'minio:9000' } },
      's3.endpoint',
      'https URL',
    ],
    ...['ftp://e/x', 'https://', 'https:///x', 'https://e/a b', 'e.com/x'].map(
      (url): [string, object, string, string] => [
        url,
        { http: { url } },
        'http.url',
        'https URL with a host',
      ],
    ),
    ['a URL with a port out of range', { http: { url: 'https://e:99999/x' } }, 'http.url', 'host and port'],
    ...[
      'llama:1',
      'ghcr.io/A/b:1',
      'ghcr.io/a:',
      'ghcr.io/a@sha256:12',
      'https://ghcr.io/a:1',
      'ghcr.io/a b',
      '-a/b',
    ].map((reference): [string, object, string, string] => [
      `reference ${reference}`,
      { oci: { reference } },
      'oci.reference',
      'registry/repository',
    ]),
    ...['ai/llama3.2:1B', 'library/x', `models/a/b@${SHA256}`].map(
      (reference): [string, object, string, string] => [
        `reference ${reference}, which names no registry`,
        { oci: { reference } },
        'oci.reference',
        'start with its registry',
      ],
    ),
    ...[
      'X-Amz-Signature=ab&x=1',
      'a=1&X-Goog-Signature=ab',
      'sv=2024&sig=ab%3D',
      'AWSAccessKeyId=a',
      'private_token=x',
      'api_key=x',
      'Access-Token=x',
    ].map((query): [string, object, string, string] => [
      `a URL with ${query}`,
      { http: { url: `https://e.com/x.gguf?${query}` } },
      'http.url',
      'secretRef.urlKey',
    ]),
    [
      'a URL of nowhere',
      { http: { sha256: 'a'.repeat(64) } },
      'http',
      'either url, urls or secretRef.urlKey',
    ],
    [
      'a URL both here and in a Secret',
      { http: { url: 'https://e.com/x', secretRef: { name: 's', urlKey: 'url' } } },
      'http',
      'set exactly one of them',
    ],
    ...[
      { url: FILES[0]?.url },
      { sha256: 'a'.repeat(64) },
      { archive: 'tar' },
      { archive: 'None' },
      { stripComponents: 1 },
    ].map((more): [string, object, string, string] => [
      `urls beside ${Object.keys(more).join()}`,
      { http: { urls: FILES, ...more } },
      'http',
      'url' in more ? 'set exactly one of them' : 'urls',
    ]),
    [
      'two ways to know the checksum',
      { http: { url: 'https://e.com/x', sha256: 'a'.repeat(64), sha256sums: 'https://e.com/SHA256SUMS' } },
      'http',
      'either sha256 or sha256sums',
    ],
    [
      'a checksum file of nowhere',
      { http: { url: 'https://e.com/x', sha256sums: 'SUMS' } },
      'http.sha256sums',
      'URL',
    ],
    ...['ftp://e.com/x', 'https://u:p@e.com/x', 'https://e.com/x?sig=abc', 'https://e.com:99999/'].map(
      (url): [string, object, string, string] => [
        `urls with ${url}`,
        { http: { urls: [...FILES, { url }] } },
        'http.urls',
        'spec.artifact.source.http.urls is',
      ],
    ),
    ...['../a', 'a//b', '/a', 'a/', 'a\0b', 'a\u202eb'].map((path): [string, object, string, string] => [
      `urls with path ${JSON.stringify(path)}`,
      { http: { urls: [{ url: 'https://e.com/x', path }] } },
      'http.urls',
      /[\0\u202e]/.test(path) ? 'invisible' : 'plain path',
    ]),
    ['an absolute file', inline('/etc/passwd'), 'inline.files', 'absolute'],
    ...['../a', 'a/../b', 'a//b', './a', 'a/'].map((name): [string, object, string, string] => [
      `file ${name}`,
      inline(name),
      'inline.files',
      'plain path',
    ]),
    ['a file with NUL', inline('a\0b'), 'inline.files', 'control or invisible characters'],
    ['a file with a mark that hides', inline('a\u202eb'), 'inline.files', 'control or invisible characters'],
    ['a file of a long name', inline(`a/${'ä'.repeat(128)}`), 'inline.files', '255 bytes'],
    ['files that differ by case alone', inline('Chat.jinja', 'chat.jinja'), 'inline.files', 'ignore case'],
    ['a file that is also a folder', inline('a', 'a/b'), 'inline.files', 'folder'],
    [
      'files of more than 256 KiB in all, counted in bytes',
      { inline: { files: { a: 'ä'.repeat(131_072), b: 'x' } } },
      'inline.files',
      '256 KiB',
    ],
  ]

  test.each(rows)('%s', (_, source, field, words) => {
    const found = findings(source)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ reason: 'SourceInvalid', field: `spec.artifact.source.${field}` })
    expect(found[0]?.text).toContain(words)
  })

  test('a URL with a signature, which the text does not repeat', () => {
    const [found] = findings({ http: { url: 'https://e.com/x?X-Amz-Signature=hunter2&b=1' } })
    expect(found?.text).toContain('"https://e.com/x?X-Amz-Signature=…&b=1"')
  })

  test('a URL with credentials, which the text does not repeat', () => {
    const [found, ...rest] = findings({ http: { url: 'https://me:hunter2@e.com/x' } })
    expect(rest).toEqual([])
    expect(found?.text).toContain('secretRef')
    expect(found?.text).not.toContain('hunter2')
  })
})

test('a stored source is not looked at again until it changes', () => {
  const bad = { s3: { uri: 's3://Bad_Bucket' } }
  expect(findings(bad, cacheOf(bad))).toEqual([])
  expect(findings({ s3: { uri: 's3://Other_Bucket' } }, cacheOf(bad))).toHaveLength(1)
})
