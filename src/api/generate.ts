import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { modelCacheCrd } from './crd.ts'
import { reasonsMarkdown } from './reasonsdoc.ts'

/** The files that come from the code, by their path in the repository, and how each is made. A test compares them. */
export const GENERATED = [
  { path: 'manifests/crds/modelplane.ai_modelcaches.yaml', content: crdYaml },
  { path: 'docs/reasons.md', content: reasonsMarkdown },
]

/** The place of a file of the repository. */
export function inRepository(path: string): URL {
  return new URL(`../../${path}`, import.meta.url)
}

function crdYaml(): string {
  const header = '# Generated from src/api/modelcache.ts by: npm run generate\n'
  return header + stringify(modelCacheCrd(), { lineWidth: 0, aliasDuplicateObjects: false })
}

if (import.meta.main) {
  for (const { path, content } of GENERATED) {
    writeFileSync(inRepository(path), content())
    console.log(`wrote ${path}`)
  }
}
