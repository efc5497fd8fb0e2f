import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const kubeObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
})

/** A Kubernetes object in a manifest. Only the fields of every object are known. */
export type KubeObject = z.infer<typeof kubeObject>

/** The objects in a YAML stream. Fails if a document is not valid YAML or not a Kubernetes object. */
export function parseObjects(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap(document => {
    const [error] = document.errors
    if (error !== undefined) throw error
    const content: unknown = document.toJS()
    return content === null ? [] : [kubeObject.parse(content)]
  })
}
