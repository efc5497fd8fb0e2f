import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { NAMESPACE } from '../manifests/rendered.ts'
import { outputOf } from '../testbed/command.ts'
import { type BarePlane, startBarePlane } from './bareplane.ts'
import { eventually } from './cluster.ts'
import { DOCS, installationOn } from './installation.ts'

// The commands of docs/installation.md on a control plane of their own. The API server cannot reach the webhook, for no pod
// runs: what asks for caches is refused for that, which shows that it is asked. The parts build on one another.
const APPLY = 'kubectl apply --server-side -k manifests/'
const TAKE_OVER = 'helm install modelcache chart --namespace modelcache-system'
const HELM_INSTALL = `${TAKE_OVER} --set image.repository=registry.example.com/modelcache`
const HELM_UPGRADE = 'helm upgrade modelcache chart --namespace modelcache-system --reset-then-reuse-values'
const HELM_UNINSTALL = 'helm uninstall modelcache --namespace modelcache-system'
const ROLLOUT_STATUS =
  'kubectl -n modelcache-system rollout status deployment/modelcache-webhook deployment/modelcache-controller'

vi.setConfig({ testTimeout: 600_000 })

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
    // kubectl sends the selector of a PodDisruptionBudget every time: its patch strategy is `replace`.
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
    const refused = await plane.helm(...TAKE_OVER.split(' ').slice(1))
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('invalid ownership metadata')
    // Not the generation: to Deployments, Helm's annotations count as a change.
    const specs = ['get', 'deployments', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].spec}']
    const before = await plane.kubectl(...specs)
    await here.documented(`${TAKE_OVER} --take-ownership`)
    expect(await plane.kubectl(...specs)).toBe(before)
    await here.expectItHasRun()
    await here.documented(HELM_UNINSTALL)
    await here.expectNothingInTheWay()
  })

  test('can go over to another source of certificates, and has what is then to be deleted', async () => {
    await plane.kubectl('apply', '--server-side', '--force-conflicts', '-k', 'manifests')
    const roles = 'kubectl -n modelcache-system delete role,rolebinding modelcache-ca modelcache-ca-rotation'
    await here.documented(roles, '--dry-run=server')
    const clusterRoles = 'kubectl delete clusterrole,clusterrolebinding modelcache-cabundle'
    await here.documented(clusterRoles, '--dry-run=server')
  })

  test('is undone: what the API server asks, then the rest, and the CRDs only if all caches are to go', async () => {
    await here.untilPodsThatAskAre('refused')
    await here.documented('kubectl delete -f manifests/webhooks.yaml -f manifests/policies.yaml')
    await here.expectNothingInTheWay()
    await here.documented(
      'kubectl delete -f manifests/rbac.yaml -f manifests/rbac-users.yaml -f manifests/namespace.yaml',
    )
    for (const kind of ['clusterroles', 'clusterrolebindings', 'namespaces'])
      expect(await here.namesOf(kind)).toEqual([])
    expect(await here.namesOf('crds')).toEqual(['modelcaches.modelplane.ai'])
    await here.documented('kubectl delete -f manifests/crds/')
    expect(await here.namesOf('crds')).toEqual([])
  })

  test('is undone by kubectl delete -k manifests/ at once, too', async () => {
    await plane.kubectl('apply', '-k', 'manifests')
    await here.untilPodsThatAskAre('refused')
    await plane.kubectl('delete', '-k', 'manifests')
    await here.expectNothingInTheWay()
    expect(await here.namesOf('namespaces')).toEqual([])
  })
})

describe('helm', () => {
  test('installs into a namespace with the label of PodSecurity, and says when it is armed', async () => {
    await here.documented('kubectl create namespace modelcache-system')
    const label = 'pod-security.kubernetes.io/enforce=restricted'
    await here.documented(`kubectl label namespace modelcache-system ${label}`)
    const notes = await here.documented(HELM_INSTALL)
    expect(notes).toContain(`    ${ROLLOUT_STATUS}\n`)
    expect(notes).not.toContain('pod-security')
    // At first kubectl waits for the controller of Deployments to have seen them.
    await eventually('the rollout of both roles', async () => {
      const status = await here.documented(ROLLOUT_STATUS, '--watch=false')
      const waiting = status.match(/^Waiting for deployment "modelcache-(webhook|controller)"/gm)
      return waiting?.length === 2 || undefined
    })
    await here.untilPodsThatAskAre('refused')
  })

  test('is refused a second time, under another name and in another namespace', async () => {
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
    const crds = ['inferenceclusters.modelplane.ai', 'modelcaches.modelplane.ai']
    expect((await plane.kubectl('get', 'crds', '-o', 'name')).trim().split('\n')).toEqual(
      crds.map(name => `customresourcedefinition.apiextensions.k8s.io/${name}`),
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

test('the ResourceQuota of the documentation is one', async () => {
  const [, quota] = /```yaml\n([\s\S]*?)```/.exec(DOCS) ?? []
  const stored = await plane.run(['apply', '--dry-run=server', '-f', '-'], quota)
  expect(outputOf(stored, 'applying the ResourceQuota')).toContain('modelcache-critical-pods created')
})
