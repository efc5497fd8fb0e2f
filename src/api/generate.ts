import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { modelCacheCrd } from './crd.ts'

/** Where the generated CRD lives, and what it holds. `npm run generate` writes it; a test compares. */
export const CRD_FILE = new URL('../../manifests/crds/modelplane.ai_modelcaches.yaml', import.meta.url)

export function crdYaml(): string {
  const header = '# Generated from src/api/modelcache.ts by: npm run generate\n'
  return header + stringify(modelCacheCrd(), { lineWidth: 0, aliasDuplicateObjects: false })
}

if (import.meta.main) {
  writeFileSync(CRD_FILE, crdYaml())
  console.log('wrote manifests/crds/modelplane.ai_modelcaches.yaml')
}
