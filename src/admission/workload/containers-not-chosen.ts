import { CACHE_CONTAINERS } from '../../api/names.ts'
import { few } from '../../api/schema/text.ts'
import { isGuess } from '../../injection/targets.ts'
import { warning } from '../finding.ts'
import type { Advice, Subject } from './workload.ts'

/**
 * There are several containers, and none looks like a server. All of them get the mounts, which is more than
 * most people want. A cache that does not exist yet has no mount path, so the rule stays silent until it
 * exists.
 */
export const containersNotChosen: Advice = ({ subjects }) =>
  subjects.flatMap(({ template: { path }, ...subject }) => {
    const names = guessed(subject)
    if (names.length === 0) return []
    const text = `${path}: no container looks like a server, so all of them get the caches; choose containers with annotation ${CACHE_CONTAINERS} (${few(names)})`
    return [warning('ContainersNotChosen', `${path}.spec.containers`, text)]
  })

function guessed({ pod, references }: Omit<Subject, 'template'>): string[] {
  const paths = references.flatMap(({ cache }) => cache?.spec.mount.path ?? [])
  if (paths.length === 0 || paths.length < references.length || !isGuess(pod, paths)) return []
  return pod.spec.containers.map(({ name }) => name)
}
