import { measureReport } from '../../../api/hydration-report.ts'
import { askSource } from '../../../api/sources.ts'
import { deletions, failed } from '../job/ended.ts'
import { advanceRun } from '../job/run.ts'
import type { Observation } from '../observe.ts'
import { goOn, notReady, type Step, type StepResult } from '../step.ts'

/** Makes sure that the size of the claim is known, from the ModelCache or from a Job that asks the source. */
export const size: Step = seen => {
  if (isKnown(seen)) return goOn({ writes: deletions(seen.runs.measure) })
  const { report, result } = advanceRun(seen, 'measure')
  return report === undefined ? result : known(seen, report.said)
}

function isKnown({ cache: { spec, status }, claim }: Observation): boolean {
  const isSmall = askSource(spec.artifact.source, type => type.isSmall) === true
  const given = spec.storage.pvc?.sizeGiB ?? status?.bytesTotal
  return claim !== undefined || isSmall || given !== undefined
}

function known(seen: Observation, said: unknown): StepResult {
  const { hydration } = seen.cache.status ?? {}
  const run = seen.runs.measure
  const report = measureReport.safeParse(said)
  if (run === undefined) return goOn()
  if (!report.success)
    return failed(seen, run, {
      reason: 'HydrationFailed',
      message: 'the report of the measuring Job cannot be read',
    })
  const { bytes, revision } = report.data
  const message = 'the source is measured, and the controller creates the claim next'
  const status = {
    bytesTotal: bytes,
    hydration: { ...hydration, attempt: undefined },
    ...(revision !== undefined && { resolvedRevision: revision }),
  }
  return notReady({ reason: 'Measuring', message }, 'Resolving', { status })
}
