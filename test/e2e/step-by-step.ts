import { beforeEach } from 'vitest'

/**
 * The tests of the file that calls this are steps of one story: after one that fails, the others are skipped, for
 * they would fail of it.
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
