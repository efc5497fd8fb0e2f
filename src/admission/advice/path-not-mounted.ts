import { CACHE_CONTAINERS } from '../../api/names.ts'
import { few } from '../../api/schema/text.ts'
import { namesPath } from '../../injection/names-path.ts'
import { shortened } from '../../injection/shortened.ts'
import { warning } from '../finding.ts'
import { fieldIn, type PodAdvice, placeOf } from './consumer.ts'

/**
 * A container names the mount path of a cache and does not get the mount: an init container that nobody
 * chose, or a container that the annotation leaves out. It finds an empty folder, or none.
 */
export const pathNotMounted: PodAdvice = consumer => {
  const { pod, mountPaths: paths } = consumer
  const targets = consumer.targets().value
  if (paths.length === 0 || targets === undefined) return []
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  if (targets.length === all.length) return []
  const chosen = new Set(targets.map(({ container }) => container.name))
  const seen = shortened(all)
  const names = all
    .filter(({ name }, index) => !chosen.has(name) && seen[index] && namesPath(seen[index], paths))
    .map(({ name }) => name)
  const [name] = names
  if (name === undefined) return []
  const wanted = few([...chosen, ...names], 4)
  const text = `${placeOf(consumer)}container ${name} names a mount path and gets no mount; choose containers with annotation ${CACHE_CONTAINERS}: ${wanted}`
  return [warning('PathNotMounted', fieldIn(consumer, 'spec.initContainers'), text)]
}
