import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { valueAt } from '../../src/admission/value-at.ts'
import { REASONS } from '../../src/api/reasons.ts'
import { adviseOffline } from '../../src/review/advice.ts'
import { OFFLINE } from '../../src/review/decide.ts'
import { EMPTY_CLUSTER } from '../../src/review/input-view.ts'
import { review } from '../../src/review/review.ts'
import type { Reviewed } from '../../src/review/verdict.ts'
import type { CommandResult } from '../testbed/command.ts'
import { type CaseObject, caseFiles, manifestsOf, readCase, type Said } from './support/case-files.ts'
import { type Cluster, eventually, newNamespace } from './support/cluster.ts'
import { looseCrd } from './support/crds.ts'
import { classes, pausedCache, readyStatus, soundSpec } from './support/objects.ts'
import { claimMounts, storedPod } from './support/stored-pod.ts'

const LLAMA = pausedCache('llama', soundSpec())
const LLAMA_STATUS = readyStatus('modelcache--llama')

/** Kinds of operators. The API server checks nothing in them here. */
const OPERATOR_KINDS: [group: string, version: string, kind: string, plural: string][] = [
  ['argoproj.io', 'v1alpha1', 'Rollout', 'rollouts'],
  ['argoproj.io', 'v1alpha1', 'Workflow', 'workflows'],
  ['jobset.x-k8s.io', 'v1alpha2', 'JobSet', 'jobsets'],
  ['orchestration.aibrix.ai', 'v1alpha1', 'StormService', 'stormservices'],
  ['apps.nvidia.com', 'v1alpha1', 'NIMService', 'nimservices'],
  ['ray.io', 'v1', 'RayCluster', 'rayclusters'],
  ['ray.io', 'v1', 'RayService', 'rayservices'],
  ['serving.kserve.io', 'v1beta1', 'InferenceService', 'inferenceservices'],
  ['training.example.com', 'v1', 'Trainer', 'trainers'],
]

beforeAll(async () => {
  const cluster = await newNamespace()
  await cluster.need(...classes, ...OPERATOR_KINDS.map(([...names]) => looseCrd(...names)))
  const crds = OPERATOR_KINDS.map(([group, , , plural]) => `crd/${plural}.${group}`)
  const established = ['wait', '--for=condition=Established', '--timeout=60s', ...crds]
  expect((await cluster.kubectl(established)).code).toBe(0)
})

describe.each(caseFiles())('%s', file => {
  const objects = readCase(file)
  const bringsLlama = objects.some(
    ({ object }) => object.kind === 'ModelCache' && object.metadata.name === 'llama',
  )

  test('the cluster says so', async () => {
    const cluster = await newNamespace()
    if (!bringsLlama) {
      await cluster.need(LLAMA)
      await cluster.setStatus('modelcache/llama', LLAMA_STATUS)
    }
    for (const one of objects) {
      const result = await cluster.kubectl(['apply', '-f', '-'], one.text)
      expect(saidBy(result), result.stderr).toEqual(one.expected)
      const { kind, metadata, status } = one.object
      if (kind === 'ModelCache' && status !== undefined)
        await cluster.setStatus(`modelcache/${metadata.name}`, status)
      if (one.mounts !== undefined) expect(await mountsIn(cluster, one.object)).toEqual(one.mounts)
    }
  })

  test('a review says so', async () => {
    const described = [...classes, ...(bringsLlama ? [] : [{ ...LLAMA, status: LLAMA_STATUS }])]
    const before = manifestsOf('given', described.map(object => stringify(object)).join('---\n')).manifests
    const own = objects.flatMap(({ text }) => manifestsOf(file, text).manifests)
    const results = await review([...before, ...own], {
      base: EMPTY_CLUSTER,
      readUnknown: OFFLINE,
      advise: adviseOffline,
      assumeReady: false,
      unknownProvisioner: 'Deny',
    })
    const said = objects.map(({ object }) => {
      const result = results.find(
        ({ manifest }) =>
          manifest.object ===
          own.find(m => m.kind === object.kind && m.name === object.metadata.name)?.object,
      )
      return {
        name: `${object.kind} ${object.metadata.name}`,
        ...saidIn(result),
        mounts: mountsAdded(result),
      }
    })
    expect(said).toEqual(
      objects.map(({ object, reviewed, mounts }) => ({
        name: `${object.kind} ${object.metadata.name}`,
        ...reviewed,
        mounts: mounts ?? expect.anything(),
      })),
    )
  })
})

/** What kubectl prints about an object that it applies. */
function saidBy({ code, stderr }: CommandResult): Said {
  const named = [...stderr.matchAll(/(?:denied the request: |denied request: |Warning: |; )([A-Z]\w+): /g)]
  const reasons = [...new Set(named.map(([, reason = '']) => reason))].filter(name => name in REASONS)
  const verdict = code !== 0 ? 'denied' : /^Warning: /m.test(stderr) ? 'warned' : 'admitted'
  return { verdict, reasons: reasons.toSorted() }
}

/** If the review does not cover an object, it says nothing about it. */
function saidIn(result: Reviewed | undefined): Said {
  if (result === undefined) return { verdict: 'admitted', reasons: [] }
  // Only a review can say that it cannot see everything.
  const reasons = result.findings.map(({ reason }) => reason).filter(reason => reason !== 'KindNotJudged')
  return { verdict: result.verdict, reasons: [...new Set(reasons)].toSorted() }
}

/** The containers to which a review's patch adds mounts, and those of a pod that already has its own. */
function mountsAdded(result: Reviewed | undefined): string[] {
  const own = [valueAt(result?.manifest.object, 'spec.containers')]
    .flat()
    .flatMap((container, index) => (valueAt(container, 'volumeMounts') ? [`spec/containers/${index}`] : []))
  const added = (result?.patch ?? []).flatMap(
    ({ path }) => /^\/(.*(?:initC|c)ontainers\/\d+)\/volumeMounts/.exec(path)?.[1] ?? [],
  )
  const containers = [...own, ...added]
  const names = [...new Set(containers)].map(path =>
    valueAt(result?.manifest.object, `${path.replaceAll('/', '.')}.name`),
  )
  return names.map(String).toSorted()
}

/** The containers of a pod, or of a workload's first pod, that mount the claim of a cache. */
async function mountsIn(cluster: Cluster, { kind, metadata }: CaseObject['object']): Promise<string[]> {
  const pod = await eventually(`a pod of ${kind} ${metadata.name}`, async () => {
    const { items } = z.object({ items: z.array(storedPod) }).parse(await cluster.get('pods'))
    return items.find(({ metadata: { name } }) =>
      kind === 'Pod' ? name === metadata.name : name.startsWith(`${metadata.name}-`),
    )
  })
  return claimMounts(pod)
    .map(line => line.split(' ')[0] ?? '')
    .toSorted()
}
