import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../testbed/objects.ts'
import { byName, CHART, helm, kustomize, template } from './support/rendered.ts'

/** What Helm and kustomize should render differently, and why. */
const DIFFERENCES: Record<string, (object: KubeObject) => KubeObject | undefined> = {
  // Helm stores the release in the namespace, so it must exist before: helm --create-namespace or kubectl
  // creates it.
  Namespace: () => undefined,
  // Helm keeps the CRDs at uninstall (value crds.keep). The annotation means nothing to kubectl.
  CustomResourceDefinition: object => {
    const { annotations: _, ...metadata } = object.metadata
    expect(object.metadata.annotations ?? {}).toEqual(
      'annotations' in object.metadata ? { 'helm.sh/resource-policy': 'keep' } : {},
    )
    return { ...object, metadata }
  },
}

function comparable(objects: readonly KubeObject[]) {
  return byName(objects.flatMap(object => (DIFFERENCES[object.kind] ?? (() => object))(object) ?? []))
}

describe('Helm and kustomize render the same objects', () => {
  test('by default', async () => {
    const shipped = comparable(await kustomize('manifests'))
    expect(Object.keys(shipped).length).toBeGreaterThan(30)
    expect(comparable(await template())).toEqual(shipped)
  })

  test('with cert-manager', async () => {
    const shipped = comparable(await kustomize('certs/cert-manager'))
    expect(comparable(await template('--set', 'certificates.source=cert-manager'))).toEqual(shipped)
  })
})

test('the namespace of the release is everywhere', async () => {
  const elsewhere = await template('-n', 'elsewhere', '--set', 'certificates.source=cert-manager')
  expect(JSON.stringify(elsewhere)).not.toContain('modelcache-system')
  const renamed = JSON.stringify(await template('--set', 'certificates.source=cert-manager'))
  expect(elsewhere).toEqual(JSON.parse(renamed.replaceAll('modelcache-system', 'elsewhere')))
})

test('helm lint has nothing to say', async () => {
  const { code, stdout, stderr } = await helm(['lint', '--strict', '--kube-version', '1.36.0', CHART])
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/)
})
