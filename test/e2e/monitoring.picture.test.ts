import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'vitest'
import { snapshotPath } from '../../src/api/volume-layout.ts'
import { boardPage, boardSize } from '../monitoring/board-page.ts'
import { installPrometheus, startPrometheus } from '../monitoring/prometheus.ts'
import { outputOf, runCommand } from '../testbed/command.ts'
import { installPackages } from '../testbed/debian-packages.ts'
import type { Cluster } from './support/cluster.ts'
import { annotations, DIGEST, modelCache, pausedCache, soundSpec } from './support/objects.ts'
import { startOwnPlane } from './support/own-plane.ts'
import { container, inline, sized, stagingIn } from './support/staging.ts'

// `make board` draws docs/board.png: a few minutes of what happens in a cluster.

const PICTURE = process.env.BOARD_PICTURE
const ROUNDS = 24
const GIB = 2 ** 30

test.runIf(PICTURE)('a picture of the board', { timeout: 900_000 }, async () => {
  await installPrometheus()
  await installPackages({ chromium: 'chromium' }, line => console.log(line))
  await using own = await startOwnPlane()
  const targets = [own.product.webhook, own.product.controller].map(
    ({ healthUrl }) => new URL(healthUrl).host,
  )
  const ruleFile = join(own.dir, 'alerts.yaml')
  await copyFile(new URL('../../manifests/monitoring/alerts.yaml', import.meta.url), ruleFile)
  await using prometheus = await startPrometheus(own.dir, { targets, ruleFile })
  const began = Date.now()
  const teams = [own.cluster, await own.newNamespace()]
  const [first = own.cluster] = teams
  await first.need(pausedCache('slow', soundSpec()))
  for (let round = 0; round < ROUNDS; round++) {
    const team = teams[round % 2] ?? own.cluster
    await first.setStatus('modelcache/slow', {
      phase: 'Hydrating',
      bytesStaged: (round + 1) * 6 * GIB,
      bytesTotal: 160 * GIB,
    })
    await stageOne(team, `model-${round}`, round)
    await pause(2_000)
  }
  const page = await boardPage(prometheus, (Date.now() - began) / 1000)
  await draw(page, PICTURE ?? '')
})

/** A cache that three pods wait for at their gate, and that a fourth cannot have before it is Ready. */
async function stageOne(team: Cluster, name: string, round: number): Promise<void> {
  const { provision, podOf, run, say, inPhase } = stagingIn(() => team)
  const pod = (index: number, more: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-${index}`, ...annotations(name, more) },
    spec: { containers: [{ name: 'main', image: 'registry.example.com/anything' }] },
  })
  await team.need(modelCache(name, soundSpec({ ...inline, ...sized })))
  for (let index = 0; index < 1 + (round % 3); index++)
    await team.need(pod(index, { 'modelplane.ai/not-ready': 'Gate' }))
  await team.apply(pod(9, {}))
  await provision(`modelcache--${name}`)
  const hydrator = await podOf(`modelcache--${name}`)
  await run(hydrator)
  const startedAt = new Date().toISOString()
  await pause(500 + (round % 5) * 900)
  const fails = round % 8 === 5
  const message = fails
    ? { reason: 'ChecksumMismatch', message: 'a.txt has another checksum' }
    : { digest: DIGEST, path: snapshotPath(DIGEST), bytes: (3 + (round % 7) * 4) * GIB, files: 9, seconds: 1 }
  const terminated = {
    exitCode: fails ? 1 : 0,
    message: JSON.stringify(message),
    startedAt,
    finishedAt: new Date().toISOString(),
  }
  await say(hydrator, { phase: fails ? 'Failed' : 'Succeeded', ...container({ terminated }) })
  await inPhase(name, fails ? 'Failed' : 'Ready')
}

async function draw(page: string, file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'modelcache-board-'))
  try {
    const html = join(folder, 'board.html')
    await writeFile(html, page)
    const { width, height } = boardSize()
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--virtual-time-budget=4000',
    ]
    const shot = [`--window-size=${width},${height}`, `--screenshot=${file}`, `file://${html}`]
    outputOf(
      await runCommand('chromium', [...options, ...shot], { cwd: folder, timeoutMs: 60_000 }),
      'drawing the board',
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}
