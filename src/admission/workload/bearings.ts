import type { Bearing } from '../ignored-keys.ts'
import type { PodTemplate } from './pod-templates.ts'

/** A workload and its templates, as bearers of labels and annotations. */
export function bearingsOf(object: unknown, templates: readonly PodTemplate[]): Bearing[] {
  // Without a template, the controller of the kind may pass on what the object itself carries.
  const own: Bearing[] = templates.some(({ isWhole }) => isWhole)
    ? [{ bearer: 'workload', path: '', raw: object }]
    : []
  return [...own, ...templates.map(({ path, raw }): Bearing => ({ bearer: 'pod', path, raw }))]
}
