import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { reviewText, said } from './fixtures.ts'

const policy = z.object({
  kind: z.literal('ValidatingAdmissionPolicy'),
  spec: z.object({ validations: z.array(z.object({ message: z.string() })) }),
})

/** Every message of the installed policies. */
const MESSAGES = parseAllDocuments(
  readFileSync(new URL('../../manifests/policies.yaml', import.meta.url), 'utf8'),
).flatMap(
  document => policy.safeParse(document.toJS()).data?.spec.validations.map(({ message }) => message) ?? [],
)

const object = (kind: string, metadata: string, spec: string) =>
  `\napiVersion: ${kind === 'Job' ? 'batch/v1' : 'v1'}\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`

const specOf = (volume: string, mount: string) =>
  `{ containers: [{ name: a, volumeMounts: [{ name: w, mountPath: /w${mount} }] }], volumes: [{ name: w, persistentVolumeClaim: { claimName: modelcache--gone${volume} } }] }`
const WRITABLE = specOf('', '')
const MOUNT_WRITABLE = specOf(', readOnly: true', '')
const ELSEWHERE = specOf(', readOnly: true', ', readOnly: true, subPath: elsewhere')
const GATE = '"snapshots/$(MODELCACHE__LLAMA_DIGEST)"'
const AWAITED = specOf(', readOnly: true', `, readOnly: true, subPathExpr: ${GATE}`)
const CLAIM = '{ accessModes: [ReadWriteMany] }'

describe('a policy denies, in its own words,', () => {
  test.each([
    ['a pod with a writable volume', object('Pod', '{ name: x }', WRITABLE), 'ClaimWritable'],
    ['a pod with a writable mount', object('Pod', '{ name: x }', MOUNT_WRITABLE), 'ClaimWritable'],
    ['a pod with a folder that is no snapshot', object('Pod', '{ name: x }', ELSEWHERE), 'SnapshotUnknown'],
    ['a pod that waits for a digest at no gate', object('Pod', '{ name: x }', AWAITED), 'SnapshotUnknown'],
    [
      'a Job that writes',
      object('Job', '{ name: x }', `{ template: { spec: ${WRITABLE} } }`),
      'ClaimWritable',
    ],
    [
      'a pod of a reserved name',
      object('Pod', '{ name: modelcache--x }', '{ containers: [] }'),
      'NameReserved',
    ],
    [
      'a Job of a reserved name',
      object('Job', '{ generateName: modelcache--x }', '{ template: { spec: { containers: [] } } }'),
      'NameReserved',
    ],
    [
      'a claim of a reserved name',
      object('PersistentVolumeClaim', '{ name: modelcache--x }', CLAIM),
      'NameReserved',
    ],
    [
      'a claim with the label',
      object('PersistentVolumeClaim', '{ name: x, labels: { modelplane.ai/modelcache: x } }', CLAIM),
      'NameReserved',
    ],
  ])('%s', async (_, text, reason) => {
    const [result] = await reviewText(text)
    expect(result).toMatchObject({ verdict: 'denied', findings: [{ reason }] })
    const { message = '' } = result?.findings[0] ?? {}
    expect(MESSAGES).toContain(`${reason}: ${message}`)
  })
})

describe('no policy denies', () => {
  const SNAPSHOT = `, readOnly: true, subPath: snapshots/sha256-${'0'.repeat(64)}`
  test.each([
    [
      'what has come out of a cluster',
      object('PersistentVolumeClaim', '{ name: modelcache--x, uid: u }', CLAIM),
      [],
    ],
    ['a claim of another name', object('PersistentVolumeClaim', '{ name: x }', CLAIM), []],
    [
      'a look at the whole claim',
      object('Pod', '{ name: x }', specOf(', readOnly: true', ', readOnly: true')),
      ['Pod admitted'],
    ],
    [
      'a snapshot, so far',
      object('Pod', '{ name: x }', specOf(', readOnly: true', SNAPSHOT)),
      ['Pod admitted'],
    ],
    [
      'in kube-system',
      object('Pod', '{ name: modelcache--x, namespace: kube-system }', WRITABLE),
      ['Pod admitted'],
    ],
  ])('%s', async (_, text, expected) => {
    expect(said(await reviewText(text))).toEqual(expected)
  })
})
