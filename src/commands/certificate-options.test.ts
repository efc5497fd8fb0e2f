import { describe, expect, test } from 'vitest'
import { podNamespace } from '../process/pod-namespace.ts'
import {
  authorityOptions,
  certificateFiles,
  certificateOptions,
  clientFile,
  clientOptions,
  installationOptions,
  installedIn,
  servingOptions,
} from './certificate-options.ts'
import { parseOptions, UsageError } from './options.ts'

const OPTIONS = {
  ...installationOptions,
  ...certificateOptions,
  ...authorityOptions,
  ...servingOptions,
  ...clientOptions,
}
const DAY_MS = 86_400_000
const FILES = ['--tls-cert-file=/tls/tls.crt', '--tls-key-file=/tls/tls.key']

const parse = (...argv: string[]) => parseOptions(OPTIONS, argv) ?? expect.fail('no help was asked for')

test('certificates are our own by default, for a week, by a CA of a year', () => {
  expect(parse()).toEqual({
    'cert-source': 'self',
    service: 'modelcache-webhook',
    'ca-lifetime': 365 * DAY_MS,
    'ca-settle': 120_000,
    'certificate-lifetime': 7 * DAY_MS,
  })
  expect(certificateFiles(parse())).toBeUndefined()
})

test('files are taken where they are the source', () => {
  expect(certificateFiles(parse('--cert-source=files', ...FILES))).toEqual({
    certFile: '/tls/tls.crt',
    keyFile: '/tls/tls.key',
  })
})

describe('what does not go together is denied:', () => {
  test.each<[string, string[], RegExp]>([
    ['files without their names', ['--cert-source=files'], /needs --tls-cert-file and --tls-key-file/],
    ['a certificate without its key', ['--cert-source=files', FILES[0] ?? ''], /needs .* --tls-key-file/],
    ['a key without its certificate', ['--cert-source=files', FILES[1] ?? ''], /needs --tls-cert-file/],
    ['files where the certificates are our own', FILES, /are for --cert-source=files/],
    [
      'one file where they are our own',
      ['--cert-source=self', FILES[1] ?? ''],
      /are for --cert-source=files/,
    ],
  ])('%s', (_, argv, message) => {
    expect(() => certificateFiles(parse(...argv))).toThrow(UsageError)
    expect(() => certificateFiles(parse(...argv))).toThrow(message)
  })
})

test('clients are asked for a certificate where their CA is named, and names are for that alone', () => {
  expect(clientFile(parse())).toBeUndefined()
  expect(clientFile(parse('--client-ca-file=/ca.crt', '--client-name=kube-apiserver'))).toBe('/ca.crt')
  expect(() => clientFile(parse('--client-name=kube-apiserver'))).toThrow(UsageError)
})

describe('what makes no sense is denied:', () => {
  test.each<[string, string, RegExp]>([
    ['a source that does not exist', '--cert-source=vault', /--cert-source/],
    ['an empty file name', '--tls-key-file=', /--tls-key-file/],
    ['a Service that cannot be', '--service=Model_Cache', /--service/],
    ['a namespace that cannot be', '--namespace=a/b', /--namespace/],
    ['a CA that hardly lives', '--ca-lifetime=9m', /--ca-lifetime: must be at least 10m/],
    ['a CA without a unit', '--ca-lifetime=365', /--ca-lifetime: must be a number with unit s, m, h or d/],
    ['a certificate that hardly lives', '--certificate-lifetime=9s', /must be at least 10s/],
    // A CA that has signed stays trusted for a week longer, and no more.
    ['a certificate that outlives the trust in its CA', '--certificate-lifetime=8d', /must be at most 7d/],
  ])('%s', (_, option, message) => {
    expect(() => parse(option)).toThrow(UsageError)
    expect(() => parse(option)).toThrow(message)
  })

  test('and the bounds themselves are not', () => {
    expect(parse('--ca-lifetime=10m', '--certificate-lifetime=10s')).toMatchObject({
      'ca-lifetime': 600_000,
      'certificate-lifetime': 10_000,
    })
    expect(parse('--certificate-lifetime=168h')).toMatchObject({ 'certificate-lifetime': 7 * DAY_MS })
  })
})

test('the namespace is the one that was named, else that of the pod, else the default', () => {
  expect(installedIn(parse('--namespace=ml-platform'))).toBe('ml-platform')
  expect(installedIn(parse())).toBe(podNamespace() ?? 'modelcache-system')
})
