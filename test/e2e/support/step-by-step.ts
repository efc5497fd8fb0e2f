import { beforeEach } from 'vitest'

/**
 * The tests of the file that calls this are steps of one story. After a failure the others are skipped,
 * because they would fail too.
 */
export function stepByStep(): void {
  let failed: string | undefined
  beforeEach(({ task, skip, onTestFailed }) => {
    if (failed !== undefined) skip(`step "${failed}" has failed`)
    onTestFailed(() => {
      failed ??= task.name
    })
  })
}
