import type { Kubectl } from '../../testbed/kubectl.ts'
import { eventually } from './cluster.ts'

/** Deletes a CRD with all its objects, if it exists, and waits until it is gone. */
export async function deleteCrd(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl(['delete', 'crd', name, '--ignore-not-found', '--wait=false'])
  await untilCrdIsGone(kubectl, name)
}

/**
 * Waits until a deleted CRD is gone. The API server's finalizer can miss its event, and looks again only when
 * its informer resyncs, every five minutes. So each look here writes an annotation, which is another event.
 */
export async function untilCrdIsGone(kubectl: Kubectl, name: string): Promise<void> {
  await eventually(`the end of CRD ${name}`, async () => {
    const { stderr } = await kubectl([
      ...['annotate', 'crd', name, '--overwrite', `test.modelplane.ai/cue=${Date.now()}`],
    ])
    return stderr.includes('NotFound') || undefined
  })
}

/** The CRD of a kind whose objects may contain anything. */
export function looseCrd(group: string, version: string, kind: string, plural: string) {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  }
}
