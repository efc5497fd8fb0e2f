import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { NAMESPACE } from '../manifests/support/rendered.ts'
import { type BarePlane, startBarePlane } from './support/bare-plane.ts'
import { eventually } from './support/cluster.ts'
import { HELM_INSTALL, HELM_UNINSTALL, installationOn } from './support/installation.ts'
import { stepByStep } from './support/step-by-step.ts'

// The kubectl commands of docs/installation.md on their own control plane. No pod runs, so the API server
// cannot reach the webhook, and denies whatever asks for caches. This shows that it calls the webhook. The
// steps build on one another.
const APPLY = 'kubectl apply --server-side -k manifests/'

vi.setConfig({ testTimeout: 600_000 })
stepByStep()

let plane: BarePlane
let here: ReturnType<typeof installationOn>

beforeAll(async () => {
  plane = await startBarePlane()
  here = installationOn(plane)
})
afterAll(() => plane?.[Symbol.asyncDispose]())

describe('kubectl apply -k manifests/', () => {
  test.each([
    ['client-side', []],
    ['server-side, over that', ['--server-side', '--force-conflicts']],
  ])('%s: the second time changes nothing', async (_how, flags) => {
    await plane.kubectl('apply', ...flags, '-k', 'manifests')
    const before = await here.generations()
    expect(Object.keys(before)).toHaveLength(4)
    const again = (await plane.kubectl('apply', ...flags, '-k', 'manifests')).trim().split('\n')
    // kubectl always sends the selector of a PodDisruptionBudget, because its patch strategy is `replace`.
    for (const line of again.filter(line => !line.startsWith('poddisruptionbudget')))
      expect(line).toMatch(/ (unchanged|serverside-applied)$/)
    expect(await here.generations()).toEqual(before)
  })

  test('brings no warning, of PodSecurity or of anything else', async () => {
    const { code, stdout, stderr } = await plane.run([
      ...['apply', '--server-side', '--dry-run=server', '-k', 'manifests'],
    ])
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('deployment.apps/modelcache-webhook serverside-applied (server dry run)')
    expect(stderr).toBe('')
  })

  test('lets the Deployments make their pods, under PodSecurity restricted', async () => {
    await eventually('two pods of each role', async () => {
      const pods = await here.namesOf('pods', '-n', NAMESPACE)
      const roles = pods.map(name => name.split('-')[1]).toSorted()
      return roles.join() === 'controller,controller,webhook,webhook' || undefined
    })
  })

  test('keeps the CA and caBundle when it is applied again', async () => {
    await here.pretendToHaveRun()
    await here.documented(APPLY)
    await here.expectItHasRun()
  })

  test('is not taken over by Helm by accident, but is when told to', async () => {
    const refused = await plane.helm(...HELM_INSTALL.split(' ').slice(1))
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('invalid ownership metadata')
    // Without the generation: Deployments count Helm's annotations as a change.
    const specs = ['get', 'deployments', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].spec}']
    const own = '"image":"registry.example.com/modelcache:0.1.0"'
    const before = (await plane.kubectl(...specs)).replaceAll('"image":"modelcache:0.1.0"', own)
    await here.documented(`${HELM_INSTALL} --take-ownership`)
    expect(await plane.kubectl(...specs)).toBe(before)
    await here.expectItHasRun()
    await here.documented(HELM_UNINSTALL)
    await here.expectNothingInTheWay()
  })

  test('can go over to another source of certificates, and has what is then to be deleted', async () => {
    await plane.kubectl('apply', '--server-side', '--force-conflicts', '-k', 'manifests')
    const roles = 'kubectl -n modelcache-system delete role,rolebinding modelcache-ca modelcache-ca-rotation'
    await here.documented(roles, '--dry-run=server')
    await here.documented(
      'kubectl -n modelcache-system delete secret modelcache-webhook-ca',
      '--dry-run=server',
    )
    const clusterRoles = 'kubectl delete clusterrole,clusterrolebinding modelcache-cabundle'
    await here.documented(clusterRoles, '--dry-run=server')
  })

  test('is undone: what the API server asks, then the rest, and the CRDs only if all caches are to go', async () => {
    await here.untilPodsThatAskAre('refused')
    await here.documented(
      'kubectl delete --ignore-not-found -f manifests/webhooks.yaml -f manifests/policies.yaml',
    )
    await here.expectNothingInTheWay()
    await here.documented(
      'kubectl delete --ignore-not-found -f manifests/rbac.yaml -f manifests/rbac-users.yaml -f manifests/namespace.yaml',
    )
    for (const kind of ['clusterroles', 'clusterrolebindings', 'namespaces'])
      expect(await here.namesOf(kind)).toEqual([])
    expect(await here.namesOf('crds')).toEqual(['modelcaches.modelplane.ai'])
    await here.documented('kubectl delete -f manifests/crds/', '--wait=false')
    await here.untilCrdsAreGone()
  })

  test('is undone by kubectl delete --ignore-not-found -k manifests/ at once, too', async () => {
    await plane.kubectl('apply', '-k', 'manifests')
    await here.untilPodsThatAskAre('refused')
    // What goes with its namespace may be gone before kubectl comes to it.
    await plane.kubectl('delete', '--ignore-not-found', '-k', 'manifests', '--wait=false')
    await here.untilCrdsAreGone()
    await here.expectNothingInTheWay()
    await eventually('the end of the namespace', async () =>
      (await here.namesOf('namespaces')).length === 0 ? true : undefined,
    )
  })
})
