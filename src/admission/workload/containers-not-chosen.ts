import { CACHE_CONTAINERS } from '../../api/names.ts'
import { few } from '../../api/schema/text.ts'
import { isGuess } from '../../injection/targets.ts'
import { warning } from '../finding.ts'
import type { Advice, Subject } from './workload.ts'

/**
 * Several containers, of which none shows that it serves: all of them get the mounts, which is more than most people
 * mean. A cache that does not exist has no path yet that could tell, so until it does this is silent.
 */
export const containersNotChosen: Advice = ({ subjects }) =>
  subjects.flatMap(({ template: { path }, ...subject }) => {
    const names = guessed(subject)
    if (names.length === 0) return []
    const text = `${path}: no container shows that it serves, so all get the caches; name the right ones in annotation ${CACHE_CONTAINERS} (${few(names)})`
    return [warning('ContainersNotChosen', `${path}.spec.containers`, text)]
  })

function guessed({ pod, references }: Omit<Subject, 'template'>): string[] {
  const paths = references.flatMap(({ cache }) => cache?.spec.mount.path ?? [])
  if (paths.length === 0 || paths.length < references.length || !isGuess(pod, paths)) return []
  return pod.spec.containers.map(({ name }) => name)
}
