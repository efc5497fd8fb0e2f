import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { z } from 'zod'
import { CERTIFICATES_MANAGER } from '../../../src/api/names.ts'
import { CA_SECRET } from '../../../src/certs/authority-secret.ts'
import { inRepository, NAMESPACE } from '../../manifests/support/rendered.ts'
import { type CommandResult, outputOf } from '../../testbed/command.ts'
import type { BarePlane } from './bare-plane.ts'
import { eventually } from './cluster.ts'
import { untilCrdIsGone } from './crds.ts'
import { annotations, pod } from './objects.ts'

export const DOCS = readFileSync(inRepository('docs/installation.md'), 'utf8')

export const HELM_INSTALL =
  'helm install modelcache chart --namespace modelcache-system --set image.repository=registry.example.com/modelcache'
export const HELM_UNINSTALL = 'helm uninstall modelcache --namespace modelcache-system'

export const CRDS = [
  'inferenceclusters.modelplane.ai',
  'modelcaches.modelplane.ai',
  'modeldeployments.modelplane.ai',
]

const items = z.object({
  items: z.array(
    z.looseObject({
      kind: z.string(),
      metadata: z.looseObject({ name: z.string(), generation: z.number().optional() }),
    }),
  ),
})

const CONFIGURATIONS = [
  { kind: 'MutatingWebhookConfiguration', name: 'modelcache-mutating', webhooks: ['pods.modelplane.ai'] },
  {
    kind: 'ValidatingWebhookConfiguration',
    name: 'modelcache-validating',
    webhooks: ['modelcaches.modelplane.ai', 'jobs.modelplane.ai'],
  },
]
const CA = Buffer.from('-----BEGIN CERTIFICATE-----\nany\n-----END CERTIFICATE-----\n').toString('base64')

/** Helpers for tests of installations: what they check on a control plane, and what they do to it. */
export function installationOn({ run, kubectl, helm }: BarePlane) {
  /** Runs a command exactly as docs/installation.md states it. */
  async function documented(line: string, ...more: string[]): Promise<CommandResult> {
    expect(DOCS).toContain(`    ${line}\n`)
    const [command, ...args] = line.split(' ')
    return command === 'helm' ? helm(...args, ...more) : run([...args, ...more])
  }

  /** Names of our objects of a kind. */
  async function namesOf(kind: string, ...args: string[]): Promise<string[]> {
    const { items: found } = items.parse(JSON.parse(await kubectl('get', kind, '-o', 'json', ...args)))
    return found.map(({ metadata }) => metadata.name).filter(name => name.includes('modelcache'))
  }

  /** Asks for a pod without storing it. */
  const ask = (object: object) =>
    run(['create', '-n', 'default', '--dry-run=server', '-f', '-'], JSON.stringify(object))

  /** The API server notices new webhooks and policies late. */
  async function untilPodsThatAskAre(verdict: 'refused' | 'admitted'): Promise<void> {
    await eventually(`a pod that asks for a cache is ${verdict}`, async () => {
      const { code } = await ask(pod(annotations('weights')))
      return (code === 0) === (verdict === 'admitted') || undefined
    })
  }

  return {
    namesOf,
    untilPodsThatAskAre,
    /** Waits until our deleted CRDs are gone. */
    async untilCrdsAreGone(): Promise<void> {
      for (const name of CRDS) await untilCrdIsGone(run, name)
    },
    documented: async (line: string, ...more: string[]) => outputOf(await documented(line, ...more), line),

    /** Counts changes of the Deployments and budgets that the installation wants. */
    async generations(): Promise<Record<string, number | undefined>> {
      const { items: found } = items.parse(
        JSON.parse(await kubectl('get', 'deployments,poddisruptionbudgets', '-n', NAMESPACE, '-o', 'json')),
      )
      return Object.fromEntries(
        found.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.generation]),
      )
    },

    /**
     * There are neither webhooks nor policies any more, and pods can be created whether they ask for a cache
     * or not.
     */
    async expectNothingInTheWay(): Promise<void> {
      for (const kind of ['webhookconfigurations', 'admissionpolicies', 'admissionpolicybindings']) {
        for (const which of kind.startsWith('webhook') ? ['mutating', 'validating'] : ['validating'])
          expect(await namesOf(`${which}${kind}`)).toEqual([])
      }
      await untilPodsThatAskAre('admitted')
      const { code, stderr } = await ask(pod({}))
      expect(code, stderr).toBe(0)
    },

    /** Writes what the product would write while it runs: the CA, in its Secret and in the configurations. */
    async pretendToHaveRun(): Promise<void> {
      const data = JSON.stringify({ data: { 'ca.crt': CA } })
      await kubectl('-n', NAMESPACE, 'patch', 'secret', CA_SECRET, '--type=merge', '-p', data)
      for (const { kind, name, webhooks } of CONFIGURATIONS) {
        const object = {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind,
          metadata: { name },
          webhooks: webhooks.map(webhook => ({
            name: webhook,
            clientConfig: { caBundle: CA },
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          })),
        }
        const manager = `--field-manager=${CERTIFICATES_MANAGER}`
        const apply = ['apply', '--server-side', manager, '--force-conflicts', '-f', '-']
        outputOf(await run(apply, JSON.stringify(object)), `writing caBundle of ${name}`)
      }
    },

    /** What `pretendToHaveRun` wrote is unchanged. */
    async expectItHasRun(): Promise<void> {
      const data = ['get', 'secret', CA_SECRET, '-o', 'jsonpath={.data.ca\\.crt}']
      expect(await kubectl('-n', NAMESPACE, ...data)).toBe(CA)
      for (const { kind, name, webhooks } of CONFIGURATIONS) {
        for (const webhook of webhooks) {
          const path = `jsonpath={.webhooks[?(@.name=="${webhook}")].clientConfig.caBundle}`
          expect(await kubectl('get', kind, name, '-o', path), webhook).toBe(CA)
        }
      }
    },
  }
}
