import { describe, expect, test } from 'vitest'
import { aContainer, aModelCache, aReadyCache } from '../../api/fixtures.ts'
import { allow } from '../decision.ts'
import { aPolicy, aRequest, aView, CONTROLLER, findingsOf, JOB_CONTROLLER, reasonsOf } from '../fixtures.ts'
import { validateJob } from './validate.ts'

const VIEW = aView({ caches: [aReadyCache()] })

function aJob(claimName = 'modelcache--llama', readOnly = false) {
  const mounts = [{ name: 'data', mountPath: '/data', readOnly }]
  return {
    metadata: { name: 'job' },
    spec: {
      template: {
        spec: {
          containers: [aContainer({ volumeMounts: mounts })],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName, readOnly } }],
        },
      },
    },
  }
}

function validate(object: unknown, username = 'tenant', policy = aPolicy()) {
  return validateJob(aRequest({ object, userInfo: { username } }), VIEW, policy)
}

describe('a Job whose template mounts a managed claim writable', () => {
  test.each(['tenant', '', JOB_CONTROLLER, 'system:serviceaccount:kube-system:cronjob-controller'])(
    'is denied of "%s"',
    username => {
      expect(findingsOf(validate(aJob(), username))).toMatchObject([
        { violation: { reason: 'ClaimWritable', field: 'spec.template.spec.volumes' } },
      ])
    },
  )

  test('is admitted of our controller, whatever its name is here', () => {
    expect(validate(aJob(), CONTROLLER)).toEqual(allow())
    expect(validate(aJob(), 'ours', aPolicy({ controllerUser: 'ours' }))).toEqual(allow())
    expect(reasonsOf(validate(aJob(), CONTROLLER, aPolicy({ controllerUser: 'ours' })))).toEqual([
      'ClaimWritable',
    ])
  })
})

describe('a Job of our controller that writes to a claim that people made', () => {
  const storage = { backend: 'ExistingPVC', existingPVC: { name: 'shared', subPath: 'llama' } } as const
  const view = aView({ caches: [aModelCache({ spec: { storage } })] })
  const staging = (claimName: string, subPath: string | undefined, owner = 'llama') => ({
    metadata: {
      name: 'modelcache--llama',
      ownerReferences: [{ kind: 'ModelCache', name: owner, uid: 'x', controller: true }],
    },
    spec: {
      template: {
        spec: {
          containers: [aContainer({ volumeMounts: [{ name: 'data', mountPath: '/volume', subPath }] })],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
        },
      },
    },
  })

  test.each([
    ['the folder of its ModelCache', staging('shared', 'llama'), []],
    ['another folder', staging('shared', 'other'), ['ClaimWritable']],
    ['the whole claim', staging('shared', undefined), ['ClaimWritable']],
    ['another claim', staging('scratch', 'llama'), ['ClaimWritable']],
    ['what no ModelCache names', staging('shared', 'llama', 'nobody'), ['ClaimWritable']],
  ])('writes to %s', (_, object, reasons) => {
    const request = aRequest({ object, userInfo: { username: CONTROLLER } })
    expect(reasonsOf(validateJob(request, view, aPolicy()))).toEqual(reasons)
  })
})

test.each([
  ['mounts it read-only', aJob('modelcache--llama', true)],
  ['writes to another claim', aJob('scratch')],
  ['writes to a claim that is only named like one', aJob('modelcache--nobody')],
])('a Job that %s is admitted', (_, job) => {
  expect(validate(job)).toEqual(allow())
})

test('nothing is said of other operations, and what is no Job is denied', () => {
  const request = aRequest({ operation: 'UPDATE', object: aJob(), userInfo: { username: 'tenant' } })
  expect(validateJob(request, VIEW, aPolicy())).toEqual(allow())
  expect(reasonsOf(validate({}))).toEqual(['SpecInvalid'])
})
