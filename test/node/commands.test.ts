import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { eventually } from '../e2e/support/cluster.ts'
import { stepByStep } from '../e2e/support/step-by-step.ts'
import { inRepository } from '../manifests/support/rendered.ts'
import { ensureHelm } from '../testbed/binaries.ts'
import { type CommandResult, outputOf, runCommand } from '../testbed/command.ts'
import { PRODUCT_IMAGE } from '../testbed/node/images.ts'
import { installProduct } from '../testbed/node/installed.ts'
import { kubeconfigPath, kubectl, kubectlPath, NO_NODE, runtimeCommand, SYSTEM } from './support/cluster.ts'

// Every command of README.md and docs/installation.md, as a user types it, on a cluster with a node and in a
// sensible order.
vi.setConfig({ testTimeout: 600_000 })
stepByStep()

const PAGES = ['README.md', 'docs/installation.md']

/** What is not run here, and why. */
const ELSEWHERE: Record<string, string> = {
  'make demo': 'a test of its own',
  'make test': 'runs this',
  docker: 'the image is built from the Dockerfile by buildah, and is there under the name that is pushed',
  'kubectl modelcache': 'test/e2e/tools.test.ts',
  'kubectl apply --server-side -k certs/cert-manager':
    'cert-manager is not here; its objects are rendered by a unit test',
}

/** The commands of a page: indented by four, starting with the name of a program. */
function commandsOf(page: string): string[] {
  return readFileSync(inRepository(page), 'utf8')
    .split('\n')
    .flatMap(line => /^ {4}((?:kubectl|helm|docker|sed|make|npx) .*)$/.exec(line)?.[1] ?? [])
    .map(line => line.replace(/ {2,}#.*$/, ''))
}

const documented = [...new Set(PAGES.flatMap(commandsOf))]
const here = documented.filter(line => !Object.keys(ELSEWHERE).some(start => line.startsWith(start)))

/** The only command with all these words. */
function command(...words: string[]): string {
  const found = here.filter(line => words.every(word => line.includes(word)))
  const [only, ...others] = found.filter(
    line => !line.includes('--take-ownership') || words.includes('--take-ownership'),
  )
  if (only === undefined || others.length > 0) throw new Error(`${words.join(' ')}: ${JSON.stringify(found)}`)
  return only
}

describe.skipIf(NO_NODE)('the commands of the documentation', () => {
  const run = new Set<string>()
  let folder: string
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modelcache-commands-'))
    for (const name of ['manifests', 'chart', 'certs', 'examples'])
      await cp(inRepository(name), join(folder, name), { recursive: true })
    await symlink(kubectlPath(), join(folder, 'kubectl'))
    await symlink(await ensureHelm(() => {}), join(folder, 'helm'))
    const home = Object.fromEntries(
      ['CACHE', 'CONFIG', 'DATA'].map(name => [`HELM_${name}_HOME`, join(folder, 'home')]),
    )
    env = { ...process.env, ...home, KUBECONFIG: kubeconfigPath(), PATH: `${folder}:${process.env.PATH}` }
    const [ctr = '', ...args] = runtimeCommand()
    const pushed = 'registry.example.com/modelcache:0.1.0'
    outputOf(
      await runCommand(ctr, [...args, 'images', 'tag', '--force', PRODUCT_IMAGE, pushed]),
      'naming the image',
    )
  })

  afterAll(async () => {
    // If a step has failed, the namespace may be about to go.
    await eventually('the installation of the other tests', async () => {
      const { stdout } = await kubectl([
        'get',
        'namespaces',
        SYSTEM,
        '--ignore-not-found',
        '-o',
        'jsonpath={.status.phase}',
      ])
      return stdout !== 'Terminating' || undefined
    })
    await installProduct(kubectl)
    await rm(folder, { recursive: true })
  })

  async function type(line: string): Promise<CommandResult> {
    run.add(line)
    return await runCommand('bash', ['-c', line], { cwd: folder, env, timeoutMs: 300_000 })
  }

  async function succeed(line: string): Promise<string> {
    return outputOf(await type(line), line)
  }

  const APPLY = command('kubectl apply --server-side -k manifests/')
  const ROLLOUT = command('rollout status')
  const HELM_INSTALL =
    here.find(line => line.endsWith('--set image.repository=registry.example.com/modelcache')) ?? ''
  const NAMESPACE = command('create namespace')
  const LABEL = command('label namespace')
  const UNINSTALL = command('helm uninstall')

  /** The images that the pods of this installation run. */
  async function images(): Promise<string[]> {
    const path = 'jsonpath={.items[*].spec.template.spec.containers[*].image}'
    const listed = outputOf(
      await kubectl(['get', 'deployments', '-n', SYSTEM, '-o', path]),
      'reading the images',
    )
    return [...new Set(listed.split(' '))]
  }

  // Over the installation of the earlier tests, with an image of another name. Below this there is none.
  test('README.md: install it', async () => {
    await succeed(command('sed'))
    await succeed(APPLY)
    await succeed(ROLLOUT)
    expect(await images()).toEqual(['registry.example.com/modelcache:0.1.0'])
  })

  test('with kubectl: who may use it, its log level, an upgrade, other certificates', async () => {
    const asked = await type(command('auth can-i'))
    expect(asked.stdout.trim()).toBe('no')
    await succeed(command('create configmap'))
    await succeed(APPLY)
    await succeed(command('delete role,rolebinding'))
    await succeed(command('delete secret'))
    await succeed(command('delete clusterrole,clusterrolebinding'))
  })

  test('with kubectl: uninstall, the guard, and the CRDs', async () => {
    await succeed(command('kubectl delete --ignore-not-found -f manifests/webhooks.yaml'))
    await succeed(command('kubectl delete --ignore-not-found -f manifests/rbac.yaml'))
    await succeed(command('kubectl apply -f manifests/guard/'))
    await succeed(command('kubectl delete -f manifests/guard/'))
    const left = await kubectl(['get', 'crds', '-o', 'name'])
    expect(left.stdout).toContain('modelcaches.modelplane.ai')
  })

  test('with Helm, over the CRDs that are left: install, upgrade, a proxy, uninstall, install again', async () => {
    await succeed(NAMESPACE)
    await succeed(LABEL)
    await succeed(command('--take-ownership'))
    await succeed(ROLLOUT)
    expect(await images()).toEqual(['registry.example.com/modelcache:0.1.0'])
    await succeed(command('helm upgrade', '--reset-then-reuse-values', 'controller.extraEnv'))
    await succeed(here.find(line => line.endsWith('--reset-then-reuse-values')) ?? '')
    await succeed(ROLLOUT)
    await succeed(UNINSTALL)
    const began = performance.now()
    await succeed(HELM_INSTALL)
    await succeed(ROLLOUT)
    console.log(
      `helm uninstall and install again: armed after ${((performance.now() - began) / 1000).toFixed(1)} s`,
    )
    // Other tests may have left a cache in the middle of its staging. Only a running controller lets it go.
    await kubectl(['annotate', 'modelcaches', '--all', '-A', 'modelplane.ai/allow-delete-in-use=true'])
    await kubectl(['delete', 'modelcaches', '--all', '-A', '--timeout=120s'])
    await succeed(UNINSTALL)
    await succeed(command('kubectl delete -f manifests/crds/'))
  })

  test('with Helm and certificates of your own', async () => {
    const script = inRepository('certs/dev-certificates.ts')
    outputOf(await runCommand(process.execPath, [script, '--out', folder]), 'making certificates')
    await succeed(command('create secret tls'))
    await succeed(command('helm install', 'certificates.source=files'))
    await succeed(ROLLOUT)
    await succeed(UNINSTALL)
  })

  test('are all run, or run elsewhere', () => {
    expect(here.filter(line => !run.has(line))).toEqual([])
    for (const start of Object.keys(ELSEWHERE))
      expect(
        documented.some(line => line.startsWith(start)),
        start,
      ).toBe(true)
  })
})
