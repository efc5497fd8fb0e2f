import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node'
import type { Dispatcher } from 'undici'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClusterConfigError, loadKubeConfig, PooledKubeConfig } from './kubeconfig.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  vi.stubEnv('HOME', folder)
  vi.stubEnv('KUBECONFIG', '')
  // The tests may themselves run in a pod.
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '')
  vi.stubEnv('KUBERNETES_SERVICE_PORT', '')
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test('reads the file that is given', () => {
  expect(loadKubeConfig(kubeconfig('https://one.example:6443')).getCurrentCluster()?.server).toBe(
    'https://one.example:6443',
  )
})

test('reads KUBECONFIG when no file is given', () => {
  vi.stubEnv('KUBECONFIG', kubeconfig('https://two.example'))
  expect(loadKubeConfig(undefined).getCurrentCluster()?.server).toBe('https://two.example')
})

test('a missing file is Unreadable', () => {
  expect(reasonOf(() => loadKubeConfig(join(folder, 'none')))).toBe('Unreadable')
})

test('a file without a current cluster, and a machine without any kubeconfig, are NoCluster', () => {
  const file = join(folder, 'empty')
  writeFileSync(file, 'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n')
  expect(reasonOf(() => loadKubeConfig(file))).toBe('NoCluster')
  expect(reasonOf(() => loadKubeConfig(undefined))).toBe('NoCluster')
})

test('requests share a dispatcher until the TLS material changes', async () => {
  const ca = join(folder, 'ca.crt')
  writeFileSync(ca, 'first authority')
  const config = loadKubeConfig(kubeconfig('https://one.example', ca))

  const first = await dispatcherOf(config)
  const together = await Promise.all([dispatcherOf(config), dispatcherOf(config)])
  writeFileSync(ca, 'second authority')
  const rotated = await dispatcherOf(config)

  expect(first).toBeDefined()
  for (const dispatcher of together) expect(dispatcher).toBe(first)
  expect(rotated).not.toBe(first)
  expect(await dispatcherOf(config)).toBe(rotated)
})

test('watches have connections of their own, and both kinds are new after they were forgotten', async () => {
  const config = new PooledKubeConfig()
  config.loadFromFile(kubeconfig('https://one.example'))
  const calls = await dispatcherOf(config)
  const watches = await dispatcherOf(config, '?watch=true')
  expect(watches).toBeDefined()
  expect(watches).not.toBe(calls)

  config.forgetConnections()
  expect(await dispatcherOf(config)).not.toBe(calls)
  expect(await dispatcherOf(config, '?watch=true')).not.toBe(watches)
})

test('a proxy gets a shared dispatcher too', async () => {
  const config = loadKubeConfig(kubeconfig('https://one.example', undefined, 'http://proxy.example:3128'))
  const first = await dispatcherOf(config)
  expect(first).toBeDefined()
  expect(await dispatcherOf(config)).toBe(first)
})

function kubeconfig(server: string, ca?: string, proxy?: string): string {
  const file = join(folder, 'config')
  const cluster = { server, 'certificate-authority': ca, 'proxy-url': proxy }
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  return file
}

async function dispatcherOf(config: KubeConfig, query = ''): Promise<Dispatcher | undefined> {
  const context = new RequestContext(`https://one.example/api${query}`, HttpMethod.GET)
  await config.applySecurityAuthentication(context)
  return context.getDispatcher()
}

function reasonOf(load: () => unknown): string | undefined {
  try {
    load()
  } catch (error) {
    if (error instanceof ClusterConfigError) return error.reason
    throw error
  }
  return undefined
}
