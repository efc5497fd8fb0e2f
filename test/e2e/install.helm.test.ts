import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { NAMESPACE } from '../manifests/support/rendered.ts'
import { outputOf } from '../testbed/command.ts'
import { type BarePlane, startBarePlane } from './support/bare-plane.ts'
import { eventually } from './support/cluster.ts'
import { CRDS, DOCS, HELM_INSTALL, HELM_UNINSTALL, installationOn } from './support/installation.ts'
import { stepByStep } from './support/step-by-step.ts'

// The Helm commands of docs/installation.md on their own control plane. No pod runs, so the API server cannot
// reach the webhook, and denies whatever asks for caches. This shows that it calls the webhook. The steps
// build on one another.
const HELM_UPGRADE = 'helm upgrade modelcache chart --namespace modelcache-system --reset-then-reuse-values'
const ROLLOUT_STATUS =
  'kubectl -n modelcache-system rollout status deployment/modelcache-webhook deployment/modelcache-controller'

vi.setConfig({ testTimeout: 600_000 })
stepByStep()

let plane: BarePlane
let here: ReturnType<typeof installationOn>

beforeAll(async () => {
  plane = await startBarePlane()
  here = installationOn(plane)
})
afterAll(() => plane?.[Symbol.asyncDispose]())

describe('helm', () => {
  test('installs into a namespace with the label of PodSecurity, and says when it is armed', async () => {
    await here.documented('kubectl create namespace modelcache-system')
    const label = 'pod-security.kubernetes.io/enforce=restricted'
    await here.documented(`kubectl label namespace modelcache-system ${label}`)
    const notes = await here.documented(HELM_INSTALL)
    expect(notes).toContain(`    ${ROLLOUT_STATUS}\n`)
    expect(notes).not.toContain('pod-security')
    // At first kubectl waits until the Deployment controller has seen them.
    await eventually('the rollout of both roles', async () => {
      const status = await here.documented(ROLLOUT_STATUS, '--watch=false')
      const waiting = status.match(/^Waiting for deployment "modelcache-(webhook|controller)"/gm)
      return waiting?.length === 2 || undefined
    })
    await here.untilPodsThatAskAre('refused')
  })

  test('the ResourceQuota of the documentation is one', async () => {
    const [, quota] = /```yaml\n([^`]*kind: ResourceQuota\n[^`]*)```/.exec(DOCS) ?? []
    const stored = await plane.run(['apply', '--dry-run=server', '-f', '-'], quota)
    expect(outputOf(stored, 'applying the ResourceQuota')).toContain('modelcache-critical-pods created')
  })

  test('is denied a second time, under another name and in another namespace', async () => {
    const { code, stderr } = await plane.helm('install', 'second', 'chart', '--namespace', 'default')
    expect(code).not.toBe(0)
    expect(stderr).toContain('invalid ownership metadata')
  })

  test('upgrades with a changed value, and keeps the CA and caBundle', async () => {
    await here.pretendToHaveRun()
    const before = await here.generations()
    await here.documented(
      HELM_UPGRADE,
      ...['--set', 'webhook.replicas=3', '--set', 'webhook.timeoutSeconds=7'],
    )
    const timeout = 'jsonpath={.webhooks[0].timeoutSeconds}'
    const configuration = 'mutatingwebhookconfiguration/modelcache-mutating'
    expect(await plane.kubectl('get', configuration, '-o', timeout)).toBe('7')
    const changed = (before['Deployment/modelcache-webhook'] ?? 0) + 1
    expect(await here.generations()).toEqual({ ...before, 'Deployment/modelcache-webhook': changed })
    await here.expectItHasRun()
  })

  test('upgrades the CRDs', async () => {
    const path = 'jsonpath={.spec.versions[0].additionalPrinterColumns}'
    const columns = () => plane.kubectl('get', 'crd/modelcaches.modelplane.ai', '-o', path)
    const shipped = await columns()
    const older = '[{"op":"remove","path":"/spec/versions/0/additionalPrinterColumns"}]'
    await plane.kubectl('patch', 'crd/modelcaches.modelplane.ai', '--type=json', '-p', older)
    expect(await columns()).toBe('')
    await here.documented(HELM_UPGRADE)
    expect(await columns()).toBe(shipped)
  })

  test('uninstalls: nothing is in the way of a pod, and the CRDs with their caches stay', async () => {
    await here.untilPodsThatAskAre('refused')
    await here.documented(HELM_UNINSTALL)
    await here.expectNothingInTheWay()
    expect((await plane.kubectl('get', 'crds', '-o', 'name')).trim().split('\n')).toEqual(
      CRDS.map(name => `customresourcedefinition.apiextensions.k8s.io/${name}`),
    )
    for (const kind of ['clusterroles', 'clusterrolebindings']) expect(await here.namesOf(kind)).toEqual([])
  })

  test('installs again over the CRDs that it left, into a namespace that it makes, and asks for the label', async () => {
    await plane.kubectl('delete', 'namespace', NAMESPACE)
    const notes = outputOf(
      await plane.helm(...HELM_INSTALL.split(' ').slice(1), '--create-namespace'),
      'installing again',
    )
    const [, label = ''] = /^ {4}kubectl (label .*)$/m.exec(notes) ?? []
    expect(await plane.kubectl(...label.split(' '))).toContain('labeled')
    await here.documented(HELM_UNINSTALL)
  })
})
