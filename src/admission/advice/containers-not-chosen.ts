import { CACHE_CONTAINERS } from '../../api/names.ts'
import { few } from '../../api/schema/text.ts'
import { isGuess } from '../../injection/targets.ts'
import { warning } from '../finding.ts'
import { fieldIn, type PodAdvice, placeOf } from './consumer.ts'

/**
 * There are several containers, and none looks like a server. All of them get the mounts, which is more than
 * most people want. A cache that does not exist yet has no mount path, so the rule stays silent until it
 * exists.
 */
export const containersNotChosen: PodAdvice = consumer => {
  const { pod, references, mountPaths: paths } = consumer
  if (paths.length === 0 || paths.length < references.length || !isGuess(pod, paths)) return []
  const names = pod.spec.containers.map(({ name }) => name)
  const text = `${placeOf(consumer)}no container looks like a server, so all of them get the caches; choose containers with annotation ${CACHE_CONTAINERS} (${few(names)})`
  return [warning('ContainersNotChosen', fieldIn(consumer, 'spec.containers'), text)]
}
