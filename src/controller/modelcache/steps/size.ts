import type { MeasureReport } from '../../../api/hydration-report.ts'
import { askSource } from '../../../api/sources.ts'
import { deletions } from '../job/ended.ts'
import { advanceRun } from '../job/run.ts'
import type { Observation } from '../observe.ts'
import { goOn, notReady, type Step, type StepResult } from '../step.ts'

/** Makes sure that the size of the claim is known, from the ModelCache or from a Job that asks the source. */
export const size: Step = seen => {
  if (isKnown(seen)) return goOn({ writes: deletions(seen.runs.measure) })
  const { result, report } = advanceRun(seen, 'measure')
  return result ?? known(seen, report)
}

function isKnown({ cache: { spec, status }, claim }: Observation): boolean {
  const isSmall = askSource(spec.artifact.source, type => type.isSmall) === true
  const given = spec.storage.pvc?.sizeGiB ?? status?.bytesTotal
  return claim !== undefined || isSmall || given !== undefined
}

function known({ cache }: Observation, { bytes, revision }: MeasureReport): StepResult {
  const message = 'the source is measured, and the controller creates the claim next'
  const status = {
    bytesTotal: bytes,
    hydration: { ...cache.status?.hydration, attempt: undefined, failure: undefined },
    ...(revision !== undefined && { resolvedRevision: revision }),
  }
  return notReady({ reason: 'Measuring', message }, 'Resolving', { status })
}
