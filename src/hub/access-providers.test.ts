import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAccessProviders, userOf } from './access-providers.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelcache-providers-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(text: string) {
  const path = join(folder, 'providers.json')
  await writeFile(path, text)
  return readAccessProviders(path)
}

describe('the file of access providers', () => {
  test('is that of the library of SIG Multicluster', async () => {
    const text = `{"providers":[{"name":"cloud","execConfig":{"apiVersion":"client.authentication.k8s.io/v1","args":null,"command":"/plugin","env":null,"provideClusterInfo":true}}]}`
    expect(await read(text)).toMatchObject([{ name: 'cloud', execConfig: { command: '/plugin' } }])
  })

  test.each([
    ['no JSON', '{', /JSON/],
    ['a plugin without a command', '{"providers":[{"name":"a","execConfig":{}}]}', /command: is required/],
    ['no list', '{}', /providers: is required/],
  ])('with %s is an error that says so', async (_, text, words) => {
    await expect(read(text)).rejects.toThrow(words)
  })
})

describe('a plugin', () => {
  const access = {
    server: 'https://api.example.com',
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'hub' } }],
  }
  const infoFor = (provideClusterInfo: boolean) => {
    const execConfig = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: '/plugin',
      provideClusterInfo,
    }
    const { exec } = userOf({ name: 'cloud', execConfig }, access)
    return JSON.parse(exec.env.find(({ name }: { name: string }) => name === 'KUBERNETES_EXEC_INFO').value)
  }

  test('learns what cluster it gets credentials for, with its configuration, if it asks for that', () => {
    expect(infoFor(true)).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: access.server, config: { audience: 'hub' } } },
    })
    expect(infoFor(false).spec).toEqual({ interactive: false })
  })
})
