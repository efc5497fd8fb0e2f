import { describe, expect, test } from 'vitest'
import { condensedDeployment } from '../../api/condensed-deployment.ts'
import { aModelDeployment } from '../../api/fixtures.ts'
import { servingObject } from '../../api/kubernetes/serving-objects.ts'
import { ApiError, type Rest } from '../../kube/rest.ts'
import { applyPart, removePart } from './apply.ts'

const { signal } = new AbortController()
const deployment = condensedDeployment(aModelDeployment())
const owned = (uid: string) =>
  servingObject.parse({
    metadata: {
      name: 'chat',
      uid: 'uid-of-the-object',
      ownerReferences: [{ kind: 'ModelDeployment', name: 'chat', uid, controller: true }],
    },
  })
const OURS = owned('uid-of-chat')
const missing = new ApiError(404, 'NotFound', 'the server could not find the requested resource')

/** An API server that answers every write with this error. */
function failing(error: ApiError | undefined) {
  const deleted: unknown[] = []
  const rest: Pick<Rest, 'apply' | 'delete' | 'get'> = {
    get: async () => {
      throw missing
    },
    apply: async () => {
      if (error !== undefined) throw error
      return {}
    },
    delete: async (path, options) => {
      deleted.push([path, options.uid])
      if (error !== undefined) throw error
    },
  }
  return { rest, deleted }
}

const apply = (error: ApiError | undefined, known = undefined as typeof OURS | undefined) =>
  applyPart(
    deployment,
    { kind: 'LeaderWorkerSet', path: '/a', known, body: () => ({ metadata: {} }) },
    { rest: failing(error).rest, signal },
  )

describe('an object is applied, unless', () => {
  test.each<[string, ApiError | undefined, typeof OURS | undefined, string | undefined]>([
    ['nothing is in the way', undefined, OURS, undefined],
    ['the cluster lacks the kind', missing, undefined, 'KindMissing'],
    ['somebody else has one of that name', undefined, owned('another'), 'NameTaken'],
    ['the API server rejects it', new ApiError(422, 'Invalid', 'no'), OURS, 'Rejected'],
  ])('%s', async (_, error, known, reason) => {
    expect((await apply(error, known))?.reason).toBe(reason)
  })

  test('the API server does not answer: then it is tried again', async () => {
    await expect(apply(new ApiError(503, 'ServiceUnavailable', 'no'))).rejects.toThrow('no')
  })
})

test.each([
  ['ours goes, and no other one of that name', OURS, [['/a', 'uid-of-the-object']]],
  ['that of somebody else stays', owned('another'), []],
  ['one that is not there is no error', undefined, []],
])('%s', async (_, known, expected) => {
  const { rest, deleted } = failing(missing)
  await removePart(deployment, { path: '/a', known }, { rest, signal })
  expect(deleted).toEqual(expected)
})
