import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hydrationReport } from '../../src/api/hydration-report.ts'
import { serveHub } from '../sources/hub.ts'
import { manifestOf, startHydrate } from './support/run-hydrate.ts'

/** `make memory` uses 8. If memory grew with the file, 1 would show it too. */
const GIB = Number(process.env.MEMORY_GIB ?? 1)
const MAX_RSS_MIB = 256

vi.setConfig({ testTimeout: 120_000 + GIB * 120_000 })

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'modelcache-memory-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** MiB: the peak of a process. */
async function peakRss(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}

test.skipIf(process.platform !== 'linux')(
  `a file of ${GIB} GiB takes at most ${MAX_RSS_MIB} MiB of memory`,
  async () => {
    const folder = join(dir, 'model')
    await using hub = await serveHub({ repos: { 'example/large': { folder: await sparse(folder) } } })
    const source = { huggingFace: { repo: 'example/large', endpoint: hub.url } }
    const { child, done } = startHydrate(manifestOf(source), ['--into', join(dir, 'volume')])
    let peak = 0
    let isDone = false
    const result = done.finally(() => {
      isDone = true
    })
    while (!isDone) {
      peak = Math.max(peak, await peakRss(child.pid))
      await pause(100)
    }
    const { last } = await result
    const { bytes, seconds } = hydrationReport.parse(last)
    console.log(`${bytes / 2 ** 30} GiB in ${seconds.toFixed(1)} s, at most ${peak.toFixed(0)} MiB of memory`)
    expect(bytes).toBe(GIB * 2 ** 30)
    expect(peak).toBeGreaterThan(0)
    expect(peak).toBeLessThanOrEqual(MAX_RSS_MIB)
  },
)

/** A folder with one sparse file, which takes no room. */
async function sparse(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await using file = await open(join(folder, 'model.safetensors'), 'w')
  await file.truncate(GIB * 2 ** 30)
  return folder
}
