import { annotations, huggingFace, modelCache, pod, soundSpec } from '../../e2e/support/objects.ts'
import { WEIGHTS_CLAIM } from '../../e2e/support/own-plane.ts'
import type { Canaries } from './canaries.ts'

/** What is sent to a path of the webhook. */
export interface Sent {
  path: string
  body: string
  contentType?: string
}

/** A pod with a secret text everywhere a user may put one. */
export function secretivePod(
  canaries: Canaries,
  caches: string,
  more: Record<string, string> = {},
  spec = {},
) {
  const { annotations: ours } = annotations(caches, more)
  const metadata = {
    labels: { 'example.com/whole': canaries.object },
    annotations: { ...ours, 'example.com/note': canaries.annotation },
  }
  const container = {
    name: 'vllm',
    image: 'vllm/vllm-openai:v0.11.0',
    args: ['--api-key', canaries.object],
    env: [{ name: 'HF_TOKEN', value: canaries.env }],
  }
  return pod(metadata, {
    containers: [container],
    nodeSelector: { 'example.com/whole': canaries.object },
    ...spec,
  })
}

/** A Deployment of such pods. */
export function secretiveDeployment(canaries: Canaries, caches: string) {
  const { metadata, spec } = secretivePod(canaries, caches)
  const labels = { 'example.com/whole': canaries.object }
  const template = { metadata: { ...metadata, name: undefined }, spec }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'server', labels },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  }
}

/** A ModelCache of inline files. */
export function secretiveFiles(canaries: Canaries, files: Record<string, string> = {}) {
  const inline = { files: { 'chat.jinja': canaries.inline, ...files } }
  const labels = { 'example.com/whole': canaries.object }
  const cache = modelCache('files', soundSpec({ artifact: { kind: 'Bytes', source: { inline } } }))
  return { ...cache, metadata: { ...cache.metadata, labels } }
}

/** Reviews that are allowed, denied and warned of. */
export function reviews(canaries: Canaries, namespace: string): Sent[] {
  const podOf = (...given: [caches: string, more?: Record<string, string>, spec?: object]) =>
    secretivePod(canaries, ...given)
  const review = (path: string, resource: string, request: object): Sent => {
    const [plural, group = ''] = resource.split('.')
    const said = {
      uid: 'f1d2d2f9',
      resource: { group: group === 'modelplane' ? 'modelplane.ai' : group, version: 'v1', resource: plural },
      ...{
        namespace,
        operation: 'CREATE',
        userInfo: { username: 'somebody', extra: { of: [canaries.object] } },
      },
      ...request,
    }
    return {
      path,
      body: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: said }),
    }
  }
  const writable = {
    volumes: [{ name: 'w', persistentVolumeClaim: { claimName: WEIGHTS_CLAIM } }],
  }
  const files = secretiveFiles(canaries)
  const gated = { ...huggingFace, secretRef: { name: 'hf-token', key: 'other' } }
  const url = `https://user:${canaries.object}@example.com/model.bin`
  const changed = secretiveFiles(canaries, { 'chat.jinja': `${canaries.inline} and more` })
  return [
    ...['weights', 'weights,weights', 'never', 'missing'].flatMap(caches => [
      review('/mutate-pods', 'pods', { object: podOf(caches) }),
      review('/validate-pods', 'pods', { object: podOf(caches) }),
      review('/validate-workloads', 'deployments.apps', { object: secretiveDeployment(canaries, caches) }),
    ]),
    review('/mutate-pods', 'pods', { object: podOf('never', { 'modelplane.ai/not-ready': 'Gate' }) }),
    review('/mutate-pods', 'pods', {
      object: podOf('weights', { 'modelplane.ai/cache-containers': 'gone' }),
    }),
    review('/validate-pods', 'pods', { object: podOf('weights', {}, writable) }),
    review('/validate-jobs', 'jobs.batch', { object: secretiveDeployment(canaries, 'weights') }),
    review('/validate-modelcaches', 'modelcaches.modelplane', { object: files }),
    review('/validate-modelcaches', 'modelcaches.modelplane', {
      object: secretiveFiles(canaries, { '../up': canaries.inline ?? '' }),
    }),
    review('/validate-modelcaches', 'modelcaches.modelplane', {
      ...{ operation: 'UPDATE', object: changed, oldObject: files },
    }),
    ...[modelCache('weights', soundSpec()), files].map(oldObject =>
      review('/validate-modelcaches', 'modelcaches.modelplane', {
        ...{ operation: 'DELETE', name: oldObject.metadata.name, oldObject },
      }),
    ),
    review('/validate-modelcaches', 'modelcaches.modelplane', {
      object: modelCache('url', soundSpec({ artifact: { kind: 'Bytes', source: { http: { url } } } })),
    }),
    review('/validate-modelcaches', 'modelcaches.modelplane', {
      object: modelCache(
        'with-secret',
        soundSpec({ artifact: { kind: 'Weights', source: { huggingFace: gated } } }),
      ),
    }),
    // Objects with the wrong shape for their kind, and a secret text where it breaks.
    ...['/mutate-pods', '/validate-pods'].flatMap(path => [
      review(path, 'pods', { object: canaries.object }),
      review(path, 'pods', { object: { ...podOf('weights'), spec: canaries.object } }),
      review(path, 'pods', { object: podOf('weights', {}, { containers: [canaries.object, { env: 1 }] }) }),
      review(path, 'pods', {
        object: {
          ...podOf('weights'),
          metadata: { annotations: { 'modelplane.ai/caches': [canaries.object] } },
        },
      }),
    ]),
    review('/validate-modelcaches', 'modelcaches.modelplane', {
      object: modelCache('x', {
        artifact: { kind: canaries.object, source: [canaries.inline] },
        mount: canaries.object,
      }),
    }),
  ]
}

/** Requests that are not reviews. */
export function malformed(canaries: Canaries): Sent[] {
  const { body = '' } = canaries
  const [good] = reviews({ ...canaries, object: body }, 'default')
  const sound = JSON.parse(good?.body ?? '')
  const bodies = [
    ...[
      body,
      `"${body}"`,
      `{"${body}": `,
      `{"a": ${body}}`,
      `{"a": "${body}\n"}`,
      `[1, "${body}"]`,
      `{"a": 1} ${body}`,
    ],
    ...[
      { [body]: body },
      { ...sound, apiVersion: body },
      { ...sound, kind: body },
      { ...sound, request: body },
      { ...sound, request: { ...sound.request, uid: { body } } },
      { ...sound, request: { ...sound.request, operation: body } },
      { ...sound, request: { ...sound.request, resource: body } },
      { ...sound, request: { ...sound.request, userInfo: [body] } },
      { ...sound, request: { ...sound.request, dryRun: body } },
    ].map(each => JSON.stringify(each)),
    `{"__proto__": {"x": "${body}"}}`,
  ]
  return [
    ...bodies.map(text => ({ path: '/mutate-pods', body: text })),
    { path: '/mutate-pods', body, contentType: 'text/plain' },
    { path: '/mutate-pods', body, contentType: `application/${body}` },
    { path: '/elsewhere', body: JSON.stringify({ body }) },
  ]
}
