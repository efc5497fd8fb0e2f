import { describe, expect, test } from 'vitest'
import { readKubeconfig } from './kubeconfig.ts'
import { ClusterProblem } from './problem.ts'

const SERVER = 'https://api.example.com:6443'

function kubeconfig(cluster: object = { server: SERVER }, user: object = { token: 't' }, more: object = {}) {
  return JSON.stringify({
    clusters: [
      { name: 'other', cluster: { server: 'https://other.example.com' } },
      { name: 'c', cluster },
    ],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  })
}

/** The reason and the message, if the kubeconfig cannot be used. */
function problemOf(text: string): string | undefined {
  try {
    readKubeconfig(text, 'it')
    return undefined
  } catch (error) {
    if (!(error instanceof ClusterProblem)) throw error
    return `${error.reason}: ${error.message}`
  }
}

describe('a kubeconfig', () => {
  test('leads where its current context does', () => {
    const access = {
      server: `${SERVER}/`,
      'certificate-authority-data': 'Q0E=',
      'tls-server-name': 'api',
      'proxy-url': 'http://proxy:3128',
    }
    const config = readKubeconfig(kubeconfig(access, { token: 't', as: 'somebody' }), 'it')
    expect(config.getCurrentCluster()).toEqual({
      name: 'member',
      server: SERVER,
      caData: 'Q0E=',
      skipTLSVerify: false,
      tlsServerName: 'api',
      proxyUrl: 'http://proxy:3128',
    })
    expect(config.getCurrentUser()).toEqual({ name: 'hub', token: 't', impersonateUser: 'somebody' })
  })

  test('may have no user', () => {
    expect(problemOf(kubeconfig({ server: SERVER }, {}, { users: [] }))).toBeUndefined()
  })

  test.each<[what: string, text: string, words: string]>([
    ['that is empty', '', 'is no kubeconfig: must be an object'],
    ['that is a list', '[]', 'is no kubeconfig'],
    ['that is too long', 'a'.repeat(262_145), 'has 262145 characters'],
    ['with aliases, which could be huge', 'a: &a [1]\nb: [*a, *a]\ncurrent-context: x', 'is no kubeconfig'],
    [
      'without a context',
      kubeconfig(undefined, undefined, { 'current-context': '' }),
      'has no current-context',
    ],
    ['of a context that it lacks', kubeconfig(undefined, undefined, { contexts: [] }), 'has no context "x"'],
    ['of a cluster that it lacks', kubeconfig(undefined, undefined, { clusters: [] }), 'has no cluster "c"'],
    ['without an address', kubeconfig({}), 'clusters.1.cluster.server: is required'],
    ['of no address', kubeconfig({ server: 'api' }), 'has "api" as address'],
    ['of another scheme', kubeconfig({ server: 'ftp://api' }), 'has "ftp://api" as address'],
    ['without TLS', kubeconfig({ server: 'http://api' }), 'would send credentials without TLS'],
    [
      'with a CA file',
      kubeconfig({ server: SERVER, 'certificate-authority': '/ca' }),
      'file in certificate-authority',
    ],
    [
      'with a certificate file',
      kubeconfig(undefined, { 'client-certificate': '/c' }),
      'file in client-certificate',
    ],
    ['with a key file', kubeconfig(undefined, { 'client-key': '/k' }), 'file in client-key'],
    ['with a token file', kubeconfig(undefined, { tokenFile: '/t' }), 'file in tokenFile'],
    ['with a plugin', kubeconfig(undefined, { exec: { command: 'sh' } }), 'runs a program to log in'],
    [
      'with an old plugin',
      kubeconfig(undefined, { 'auth-provider': { name: 'gcp' } }),
      'runs a program to log in',
    ],
    ['with groups', kubeconfig(undefined, { as: 'a', 'as-groups': ['g'] }), 'has as-groups'],
  ])('%s is KubeconfigInvalid', (_, text, words) => {
    expect(problemOf(text)).toMatch(/^KubeconfigInvalid: it /)
    expect(problemOf(text)).toContain(words)
  })
})
