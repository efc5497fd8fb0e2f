import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { inferenceClusterCrd, modelCacheCrd } from './crd.ts'
import { reasonsMarkdown } from './reasonsdoc.ts'

/** The files that come from the code, by their path in the repository, and how each is made. A test compares them. */
export const GENERATED = [
  {
    path: 'manifests/crds/modelplane.ai_modelcaches.yaml',
    content: () => crdYaml('src/api/modelcache.ts', modelCacheCrd()),
  },
  {
    path: 'manifests/crds/modelplane.ai_inferenceclusters.yaml',
    content: () => crdYaml('src/api/inferencecluster.ts', inferenceClusterCrd()),
  },
  { path: 'docs/reasons.md', content: reasonsMarkdown },
]

/** The place of a file of the repository. */
export function inRepository(path: string): URL {
  return new URL(`../../${path}`, import.meta.url)
}

function crdYaml(source: string, crd: object): string {
  const header = `# Generated from ${source} by: npm run generate\n`
  return header + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false })
}

if (import.meta.main) {
  for (const { path, content } of GENERATED) {
    writeFileSync(inRepository(path), content())
    console.log(`wrote ${path}`)
  }
}
