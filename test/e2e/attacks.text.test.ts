import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, newNamespace } from './support/cluster.ts'
import { annotations, classes, modelCache, pod, soundSpec } from './support/objects.ts'

// Text that reaches other people's terminals is denied where it would be stored, and escaped where it is
// quoted.
let cluster: Cluster

beforeAll(async () => {
  cluster = await newNamespace()
  await cluster.need(...classes)
})

const ask = (object: object) =>
  cluster.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(object))

/** Marks that reverse text, zero-width spaces, byte order marks, and terminal escapes. */
const isHidden = (text: string) => /\p{Cf}/u.test(text) || text.includes('\u001b')

async function expectDenied(object: object, reason: string): Promise<void> {
  const { code, stderr } = await ask(object)
  expect(code, stderr).toBe(1)
  expect(stderr).toContain(reason)
}

describe('a ModelCache', () => {
  test.each(['/mnt/\u001b[31m', '/mnt/a\nb', '/mnt/\u202ea', '/mnt/\ufeffa', `/mnt/${'x'.repeat(256)}`])(
    'has no mount path %j',
    async path => {
      await expectDenied(modelCache('text', soundSpec({ mount: { path } })), 'MountPathInvalid')
    },
  )

  test.each(['/etc/passwd', '/etc/ld.so.preload', '/usr/bin', '/usr/lib', '/lib64', '/usr/lib64/x'])(
    'is not mounted at %s',
    async path => {
      await expectDenied(modelCache('text', soundSpec({ mount: { path } })), 'MountPathReserved')
    },
  )

  test.each(['a\u202eb', 'a\nb', 'x'.repeat(256)])('has no folder %j of a claim', async subPath => {
    const storage = { backend: 'ExistingPVC', existingPVC: { name: 'ops', subPath } }
    await expectDenied(modelCache('text', soundSpec({ artifact: {}, storage })), 'MountPathInvalid')
  })

  test.each([
    { huggingFace: { repo: 'org/model', revision: 'a\u202eb' } },
    { huggingFace: { repo: 'org/model', revision: 'main', include: ['*\u200b'] } },
    { http: { url: 'https://models.example.com/\u202ea' } },
    { s3: { uri: 's3://bucket/\u0085a' } },
  ])('has no source that hides text: %j', async source => {
    await expectDenied(modelCache('text', soundSpec({ artifact: { source } })), 'SourceInvalid')
  })

  test('names no key of a Secret that a shell would obey', async () => {
    const secretRef = { name: 'hf', key: 'token; rm -rf /' }
    const source = { huggingFace: { repo: 'org/model', revision: 'v1', secretRef } }
    await expectDenied(modelCache('text', soundSpec({ artifact: { source } })), 'secretRef.key')
  })
})

describe('a message about a pod', () => {
  test.each(['\u001b[31mred', 'a\u202eb', '\ufefflama', 'a\u200b'])('quotes %j escaped', async name => {
    const { code, stderr } = await ask(pod(annotations(name)))
    expect(code).toBe(1)
    expect(stderr).toContain('ReferenceInvalid')
    expect(isHidden(stderr)).toBe(false)
  })
})
