import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
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
