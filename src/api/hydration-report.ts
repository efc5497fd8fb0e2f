import { z } from 'zod'
import { FAILURE_REASONS, type FailureReason } from './failure-reasons.ts'
import { SHA256_DIGEST } from './schema/digest.ts'

/**
 * What `modelcache hydrate` reports at the end, on the last line of its output and as the termination message
 * of its pod.
 */
export const hydrationReport = z.object({
  digest: z.string().regex(SHA256_DIGEST),
  /** The commit or digest behind the tag or branch; the source itself if it has no revisions. */
  revision: z.string().max(512).optional(),
  /** Folder of the snapshot, relative to the volume. */
  path: z.string().max(512),
  bytes: z.int().min(0),
  files: z.int().min(0),
  seconds: z.number().min(0),
  /** Files of the source that we left out, because other files hold the same weights. */
  leftOut: z.int().min(0).optional(),
  /** The folder of the snapshot that all files are in, if an archive has only one at its top. */
  topFolder: z.string().max(255).optional(),
})

/** What `modelcache hydrate --measure` reports. */
export const measureReport = z.object({
  /** Bytes that a volume must hold. */
  bytes: z.int().min(0),
  files: z.int().min(0),
  revision: z.string().max(512).optional(),
})

/** What `modelcache verify` reports if every snapshot is what was staged. */
export const verifyReport = z.object({
  snapshots: z.int().min(1),
  /** If it is only one. */
  digest: z.string().regex(SHA256_DIGEST).optional(),
  files: z.int().min(0),
  bytes: z.int().min(0),
  seconds: z.number().min(0),
})

/** What `modelcache prune` reports. */
export const pruneReport = z.object({
  /** How many of the snapshots were there. */
  snapshots: z.int().min(0),
  files: z.int().min(0),
  bytes: z.int().min(0),
  seconds: z.number().min(0),
})

const failureReason = z.enum(Object.keys(FAILURE_REASONS) as [FailureReason, ...FailureReason[]])

/** What all of them report instead if they fail. */
export const hydrationFailure = z.object({
  reason: failureReason,
  message: z.string().max(2048),
  /** The source in one line. */
  source: z.string().max(4200).optional(),
  /** The file of the source at fault. */
  file: z.string().max(1024).optional(),
})

/** The progress that it prints every few seconds. */
export const hydrationProgress = z.object({
  progress: z.object({
    bytes: z.int().min(0),
    bytesTotal: z.int().min(0).optional(),
    files: z.int().min(0),
    filesTotal: z.int().min(0).optional(),
  }),
  /** The commit or digest that is being staged. */
  revision: z.string().max(512).optional(),
  /** Why nothing came since the last line that had more bytes. */
  trouble: z
    .object({
      reason: failureReason,
      message: z.string().max(1024),
      /** Nothing comes until somebody changes a Secret or a ConfigMap. */
      isWaiting: z.boolean(),
    })
    .optional(),
})

export type HydrationReport = z.infer<typeof hydrationReport>
export type MeasureReport = z.infer<typeof measureReport>
export type PruneReport = z.infer<typeof pruneReport>
export type VerifyReport = z.infer<typeof verifyReport>
export type HydrationFailure = z.infer<typeof hydrationFailure>
export type HydrationProgress = z.infer<typeof hydrationProgress>

/**
 * Exit codes of `modelcache hydrate`. After `failed` and `usage` a Job gives up. After any other code it
 * creates another pod.
 */
export const EXIT = { done: 0, failed: 1, usage: 2, mayRetry: 75 } as const

/** The exit code of a reason. If the reason passes by itself, the Job tries again at once. */
export function exitCodeOf(reason: FailureReason): number {
  return FAILURE_REASONS[reason].effect === 'passes' ? EXIT.mayRetry : EXIT.failed
}
