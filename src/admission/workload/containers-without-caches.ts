import { CACHE_CONTAINERS, CACHES } from '../../api/names.ts'
import { warning } from '../finding.ts'
import type { Advice } from './workload.ts'

/** The template chooses containers but names no caches. Such pods start without their weights. */
export const containersWithoutCaches: Advice = ({ templates }) =>
  templates.flatMap(({ path, annotations }) => {
    if (!(CACHE_CONTAINERS in annotations) || CACHES in annotations) return []
    const text = `${path}: annotation ${CACHE_CONTAINERS} does nothing without ${CACHES}; add that annotation, or remove this one`
    const field = `${path}.metadata.annotations[${CACHE_CONTAINERS}]`
    return [warning('ReferenceInvalid', field, text)]
  })
