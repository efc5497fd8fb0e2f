import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const kubeObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
})

/** A Kubernetes object as it stands in a manifest: only what every object has is known. */
export type KubeObject = z.infer<typeof kubeObject>

/** The objects in a YAML stream; fails if a document is no valid YAML or no Kubernetes object. */
export function parseObjects(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap(document => {
    const [error] = document.errors
    if (error !== undefined) throw error
    const content: unknown = document.toJS()
    return content === null ? [] : [kubeObject.parse(content)]
  })
}
