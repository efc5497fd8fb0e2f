import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commonOptions, describeOptions, flag, parseOptions, UsageError } from './options.ts'

const OPTIONS = {
  ...commonOptions,
  'tls-key-file': { schema: z.string('is required').min(1), value: 'FILE', help: 'PEM key' },
}
const KEY = ['--tls-key-file', '/key.pem']

describe('a command line', () => {
  test('gives each option its value or its default', () => {
    expect(parseOptions(OPTIONS, KEY)).toEqual({
      host: '0.0.0.0',
      'health-port': 8080,
      'log-level': 'info',
      'tls-key-file': '/key.pem',
    })
  })

  test.each([
    [['--health-port', '9000']],
    [['--health-port=9000']],
    [['--health-port', '1', '--health-port', '9000']],
  ])('may be %j', argv => {
    expect(parseOptions(OPTIONS, [...KEY, ...argv])).toMatchObject({ 'health-port': 9000 })
  })

  test.each(['--help', '-h'])('with %s asks for help, whatever is missing', flag => {
    expect(parseOptions(OPTIONS, [flag])).toBeUndefined()
    expect(parseOptions(OPTIONS, ['--health-port', 'x', flag])).toBeUndefined()
  })
})

describe('an option', () => {
  const options = {
    file: { schema: z.array(z.string()), value: 'FILE', short: 'f', repeatable: true, help: 'what to read' },
    output: { schema: z.string().default('text'), value: 'FORMAT', short: 'o', help: 'how to print' },
    live: { schema: flag, help: 'ask the cluster' },
  } as const

  test('may be repeated, have a letter, or be a flag', () => {
    expect(parseOptions(options, ['-f', 'a', '--file=b', '-f', '-', '--live'])).toEqual({
      file: ['a', 'b', '-'],
      output: 'text',
      live: true,
    })
  })

  test('that is a flag is off by itself, and takes no value', () => {
    expect(parseOptions(options, ['-f', 'a', '-ojson'])).toMatchObject({ live: false, output: 'json' })
    expect(() => parseOptions(options, ['-f', 'a', '--live=yes'])).toThrow(UsageError)
  })

  test('with a letter shows it in the help, and the names stay in one column', () => {
    expect(describeOptions(options).split('\n')).toEqual([
      '  -f, --file FILE      what to read',
      '  -o, --output FORMAT  how to print',
      '      --live           ask the cluster',
    ])
  })
})

describe('a command line is denied, and the message names the option:', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown option', [...KEY, '--bogus', 'x'], /--bogus/],
    ['a missing option', [], /--tls-key-file: is required/],
    ['an empty required option', ['--tls-key-file', ''], /--tls-key-file/],
    ['an option without its value', ['--tls-key-file'], /--tls-key-file/],
    ['a word that is no option', [...KEY, 'serve'], /serve/],
    ['a port that is empty', [...KEY, '--health-port='], /--health-port: must be a whole number/],
    ['a port that is no number', [...KEY, '--health-port', 'http'], /--health-port/],
    ['a port with a fraction', [...KEY, '--health-port', '80.5'], /--health-port/],
    ['a negative port', [...KEY, '--health-port=-1'], /--health-port/],
    ['a port out of range', [...KEY, '--health-port', '65536'], /--health-port/],
    ['a level that does not exist', [...KEY, '--log-level', 'loud'], /--log-level/],
  ])('%s', (_, argv, message) => {
    expect(() => parseOptions(OPTIONS, argv)).toThrow(UsageError)
    expect(() => parseOptions(OPTIONS, argv)).toThrow(message)
  })

  test('all problems at once, one a line', () => {
    expect(() => parseOptions(OPTIONS, ['--health-port', 'x', '--log-level', 'y'])).toThrow(
      /--health-port: .*\n--log-level: .*\n--tls-key-file: is required/,
    )
  })
})

test('the help has one line for each option, with the words aligned', () => {
  const lines = describeOptions(OPTIONS).split('\n')
  expect(lines.map(line => line.trim().split(' ')[0])).toEqual(Object.keys(OPTIONS).map(name => `--${name}`))
  const columns = Object.values(OPTIONS).map(({ help }, index) => lines[index]?.indexOf(help))
  expect(new Set(columns).size).toBe(1)
})
