import { spawnSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type LogLevel, logLevel } from './log-level.ts'
import { createLogger } from './logger.ts'

function aLogger(level: LogLevel) {
  const stream = new PassThrough({ encoding: 'utf8' })
  const leveled = createLogger(level, stream)
  const lines = (): Record<string, unknown>[] => {
    const text: string = stream.read() ?? ''
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))
  }
  return { ...leveled, lines }
}

test.each(logLevel.options)('at level %s it says that and what is worse', level => {
  const { logger, lines } = aLogger(level)
  for (const each of logLevel.options) logger[each](each)
  expect(lines().map(({ msg }) => msg)).toEqual(logLevel.options.slice(logLevel.options.indexOf(level)))
})

test('a change of the level reaches every child, and theirs, made before or after', () => {
  const { logger, setLevel, lines } = aLogger('error')
  const child = logger.child({ kind: 'child' })
  const grandchild = child.child({ of: 'it' })
  setLevel('debug')
  const later = logger.child({ kind: 'later' })
  for (const each of [logger, child, grandchild, later]) each.debug('heard')
  expect(lines()).toHaveLength(4)
  setLevel('fatal')
  for (const each of [logger, child, grandchild, later]) each.error('not heard')
  expect(lines()).toEqual([])
})

test.each(['logger', 'child'])('a %s says of an error what is safe to say', which => {
  const { logger, lines } = aLogger('info')
  const err = Object.assign(new Error('failed'), { headers: { authorization: 'Bearer canary' } })
  ;(which === 'child' ? logger.child({ kind: 'child' }) : logger).warn({ err }, 'trying again')
  const [line] = lines()
  expect(line).toMatchObject({ msg: 'trying again', err: { type: 'Error', message: 'failed' } })
  expect(JSON.stringify(line)).not.toContain('canary')
})

describe('on standard output', () => {
  const module = JSON.stringify(new URL('./logger.ts', import.meta.url).href)
  /** What a process prints that logs as `program` does. */
  const printed = (program: string) => {
    const source = `import { createLogger } from ${module}\nconst { logger } = createLogger('info')\n${program}`
    const args = ['--input-type=module', '--eval', source]
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    const lines = stdout.split('\n').slice(0, -1)
    return lines.map(line => (line.startsWith('{') ? JSON.parse(line).msg : line))
  }

  test('lines are written in their order, and none is lost when the process ends', () => {
    expect(printed(`for (const n of ['1', '2', '3']) logger.info(n); process.exit(1)`)).toEqual([
      '1',
      '2',
      '3',
    ])
  })

  test('a warning is written at once, with what came before it', () => {
    const program = `logger.info('one'); logger.warn('two'); process.kill(process.pid, 'SIGKILL')`
    expect(printed(program)).toEqual(['one', 'two'])
  })

  test('a line waits for a moment only', () => {
    const program = `logger.info('one'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000)`
    expect(printed(program)).toEqual(['one'])
  })
})
