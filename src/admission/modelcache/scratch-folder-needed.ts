import { few } from '../../api/schema/text.ts'
import { isStaging } from '../../api/staging.ts'
import { warning } from '../finding.ts'
import type { Rule } from './change.ts'

/**
 * The hydrator makes the folders that pods cover with empty ones. On a claim that people fill, nobody does.
 * Runs on CREATE only, because the folders are immutable.
 */
export const scratchFolderNeeded: Rule = ({ cache: { spec }, old }) => {
  const { scratch = [] } = spec.mount
  if (old !== undefined || scratch.length === 0 || isStaging(spec)) return []
  const text = `nothing makes folders on a claim that people fill, and containers fail to start if it lacks ${few(scratch)}; make them there`
  return [warning('ScratchFolderNeeded', 'spec.mount.scratch', text)]
}
