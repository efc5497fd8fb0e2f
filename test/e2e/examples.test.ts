import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, newNamespace } from './cluster.ts'

const EXAMPLES = new URL('../../examples/', import.meta.url)

let cluster: Cluster

/** Applied first, whatever the alphabet says: the others refer to them. */
const FOUNDATIONS = ['storageclasses.yaml', 'persistentvolume-nfs.yaml', 'modelcache-huggingface.yaml']

function files(folder: string): string[] {
  return readdirSync(new URL(folder, EXAMPLES)).filter(name => name.endsWith('.yaml'))
}

const text = (path: string) => readFileSync(new URL(path, EXAMPLES), 'utf8')

beforeAll(async () => {
  cluster = await newNamespace()
  for (const name of FOUNDATIONS) {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], text(name))
    expect(code, stderr).toBe(0)
  }
})

describe('examples/', () => {
  test.each(files('.').filter(name => !FOUNDATIONS.includes(name)))('%s is accepted', async name => {
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], text(name))
    // Workloads are applied before their cache is Ready here, and are told so.
    expect(stderr.replaceAll(/^Warning: Cache\w+: .*\n/gm, '')).toBe('')
    expect(code).toBe(0)
  })
})

describe('examples/denied/', () => {
  test.each(files('denied/'))('%s is refused for the reason that it states', async name => {
    const content = text(`denied/${name}`)
    const reason = /^# Refused[^:]*: (\w+)\./.exec(content)?.[1]
    const { code, stderr } = await cluster.kubectl(['apply', '-f', '-'], content)
    expect(code).toBe(1)
    expect(stderr).toContain(`${reason}: `)
  })
})
