import { expect, it } from 'vitest'
import { routeToLocal } from './local-webhook.ts'
import { type KubeObject, parseObjects } from './objects.ts'

const WEBHOOK = { service: 'hook', namespace: 'system', port: 12345, caPem: 'PEM' }
const CA_BUNDLE = Buffer.from('PEM').toString('base64')

function routed(yaml: string): KubeObject | undefined {
  return parseObjects(yaml).map(object => routeToLocal(object, WEBHOOK))[0]
}

it('makes the Service an alias of localhost', () => {
  const yaml = `
apiVersion: v1
kind: Service
metadata: { name: hook, namespace: system, labels: { a: b } }
spec: { clusterIP: 10.96.0.9, selector: { a: b }, ports: [{ port: 443, targetPort: https }] }`
  expect(routed(yaml)).toMatchObject({
    metadata: { labels: { a: 'b' } },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: 443, targetPort: 'https' }] },
  })
  expect(routed(yaml)?.spec).not.toHaveProperty('selector')
  expect(routed(yaml)?.spec).not.toHaveProperty('clusterIP')
})

it('changes port and CA of the calls to that Service and nothing else', () => {
  const yaml = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: { name: m }
webhooks:
  - { name: ours, failurePolicy: Fail, clientConfig: { service: { name: hook, namespace: system, path: /p, port: 443 } } }
  - { name: theirs, clientConfig: { service: { name: other, namespace: system } } }`
  expect(routed(yaml)?.webhooks).toEqual([
    {
      name: 'ours',
      failurePolicy: 'Fail',
      clientConfig: {
        caBundle: CA_BUNDLE,
        service: { name: 'hook', namespace: 'system', path: '/p', port: 12345 },
      },
    },
    { name: 'theirs', clientConfig: { service: { name: 'other', namespace: 'system' } } },
  ])
})

it('leads the conversion of a CRD to this machine too', () => {
  const yaml = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: d }
spec:
  group: g
  conversion: { strategy: Webhook, webhook: { clientConfig: { service: { name: hook, namespace: system } } } }`
  expect(routed(yaml)).toMatchObject({
    spec: {
      group: 'g',
      conversion: { webhook: { clientConfig: { caBundle: CA_BUNDLE, service: { port: 12345 } } } },
    },
  })
})

it.each(['Service', 'CustomResourceDefinition', 'Deployment'])('leaves another %s as it is', kind => {
  const yaml = `{ apiVersion: v1, kind: ${kind}, metadata: { name: other, namespace: system }, spec: { ports: [] } }`
  expect(routed(yaml)).toEqual(parseObjects(yaml)[0])
})
