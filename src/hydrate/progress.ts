import type { HydrationProgress } from '../api/hydration-report.ts'
import { foreign } from '../api/schema/text.ts'
import { sizeText } from '../api/size-text.ts'
import type { Trouble } from './trouble.ts'

/** How far a hydration is. */
export interface Counts {
  bytes: number
  bytesTotal: number | undefined
  files: number
  filesTotal: number | undefined
  /** The commit or digest that is being staged, once it is known. */
  revision?: string | undefined
}

export function newCounts(): Counts {
  return { bytes: 0, bytesTotal: undefined, files: 0, filesTotal: undefined }
}

/** What status has room for. */
const MAX_TROUBLE = 512

/** A line of JSON for programs. The controller reads it from the log of the pod. */
export function progressLine(
  { bytes, bytesTotal, files, filesTotal, revision }: Counts,
  trouble?: Trouble,
): string {
  const progress: HydrationProgress['progress'] = {
    bytes,
    files,
    ...(bytesTotal !== undefined && { bytesTotal }),
    ...(filesTotal !== undefined && { filesTotal }),
  }
  const told = trouble && { ...trouble, message: foreign(trouble.message, MAX_TROUBLE) }
  return JSON.stringify({ progress, ...(revision && { revision }), ...(told && { trouble: told }) })
}

const BAR = 24

/**
 * One line for people: a bar, bytes, the average rate, and the time left. `seconds` counts from the start.
 */
export function progressBar({ bytes, bytesTotal, files, filesTotal }: Counts, seconds: number): string {
  const rate = seconds > 0 ? bytes / seconds : 0
  const ofFiles = filesTotal === undefined ? `${files} files` : `${files}/${filesTotal} files`
  if (bytesTotal === undefined || bytesTotal === 0)
    return `${sizeText(bytes)}  ${sizeText(rate)}/s  ${ofFiles}`
  const share = Math.min(1, bytes / bytesTotal)
  const filled = Math.round(share * BAR)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
  const left = rate > 0 ? duration((bytesTotal - bytes) / rate) : '–'
  return `${bar} ${Math.floor(share * 100)}%  ${sizeText(bytes)} of ${sizeText(bytesTotal)}  ${sizeText(rate)}/s  ${ofFiles}  ${left} left`
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole}s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes}m${whole % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`
}
