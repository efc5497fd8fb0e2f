import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CACHE, CLASS, DEPLOYMENT, stream } from '../review/fixtures.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelcache-review-'))
  write('sound/b.yml', DEPLOYMENT)
  write('sound/a/class.yaml', CLASS)
  write('sound/c.json', '{ "apiVersion": "v1", "kind": "Service" }')
  write('sound/.hidden/x.yaml', 'not: [a manifest')
  write('sound/README.md', '# not a manifest')
  write('cache.txt', CACHE)
  write('broken.yaml', 'apiVersion: v1\nkind: Pod\nkind: Pod\n')
  write('empty/none.txt', CACHE)
  write('comments.yaml', '# nothing\n---\n')
})

afterAll(() => rmSync(folder, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

function review(args: string[], input = '') {
  // There is no kubeconfig here, so only --live can ask for one.
  const env = { PATH: process.env.PATH, HOME: folder }
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'review', ...args], {
    cwd: folder,
    env,
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('modelcache review ends with', () => {
  test('0 when everything is admitted, warnings or not', () => {
    const { status, stdout, stderr } = review(['-f', 'sound', '--filename', 'cache.txt'])
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual([
      'sound/b.yml:2 Deployment default/serve: warned',
      expect.stringContaining('CacheNotReady (warning)'),
      'cache.txt:2 ModelCache default/llama: admitted',
      '2 objects: 1 admitted, 1 warned, 0 denied',
      '',
    ])
    expect(status).toBe(0)
  })

  test('1 when something is denied', () => {
    const { status, stdout, stderr } = review(['-f', 'cache.txt', '-o', 'json'])
    expect(JSON.parse(stdout).results[0]).toMatchObject({ verdict: 'denied', file: 'cache.txt', line: 2 })
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  })

  test('2 when some of the input cannot be read, with every error and no verdict', () => {
    const { status, stdout, stderr } = review([
      '-f',
      'broken.yaml',
      '-f',
      'missing',
      '-f',
      'sound',
      '-f',
      'empty',
    ])
    expect(stderr.trimEnd().split('\n')).toEqual([
      'broken.yaml:3:1: Map keys must be unique',
      expect.stringMatching(/^missing: cannot be read: ENOENT/),
      'empty: it contains no .yaml, .yml or .json file',
    ])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })

  test.each([
    ['nothing is given', [], /--filename: is required/],
    ['the input is empty', ['-f', '-'], /^-: it contains no objects/],
    ['there are only comments in it', ['-f', 'comments.yaml'], /^comments\.yaml: it contains no objects/],
    ['an option does not exist', ['-f', 'sound', '--bogus'], /--bogus/],
    ['there is no cluster', ['-f', 'sound', '--live'], /no cluster found/],
    [
      'the kubeconfig is missing',
      ['-f', 'sound', '--live', '--kubeconfig', 'none'],
      /cannot read a kubeconfig/,
    ],
  ])('2 when %s', (_, args, words) => {
    const { status, stdout, stderr } = review(args)
    expect(stderr).toMatch(words)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })
})

describe('modelcache review', () => {
  test('reads the standard input, once, under the namespace that is given', () => {
    const input = stream(CLASS, CACHE, DEPLOYMENT)
    const { status, stdout } = review(
      ['-f', '-', '-f', '-', '-n', 'ml', '--assume-ready', '-o', 'patch'],
      input,
    )
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(documents).toEqual([
      {
        file: 'stdin',
        line: 15,
        kind: 'Deployment',
        namespace: 'ml',
        name: 'serve',
        patch: expect.any(Array),
      },
    ])
    expect(status).toBe(0)
  })

  test('prints no colours where nobody looks', () => {
    expect(review(['-f', 'cache.txt']).stdout).not.toContain('\u001b')
  })

  test('is not brought down by a reader that has had enough', () => {
    const many = Array.from({ length: 2000 }, (_, index) =>
      CACHE.replace('name: llama', `name: llama-${index}`),
    )
    write('many.yaml', stream(CLASS, ...many))
    const command = `"$0" "$1" review -f many.yaml -o json | head -c 1; exit "\${PIPESTATUS[0]}"`
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, MAIN], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test.each(['text', 'json', 'patch'])(
    'prints as %s no character of a file name that a terminal would obey',
    output => {
      const name = 'a\u001b[31m\u009b31m\u202e\u3164.yaml'
      write(name, stream(CLASS, CACHE, DEPLOYMENT))
      write(`b${name}`, 'kind: [')
      for (const files of [[name], [name, `b${name}`], ['gone\u001b[31m.yaml']]) {
        const { stdout, stderr } = review([
          ...files.flatMap(file => ['-f', file]),
          '--assume-ready',
          '-o',
          output,
        ])
        for (const hidden of '\u001b\u009b\u202e\u3164') expect(stdout + stderr).not.toContain(hidden)
        expect(stdout + stderr).toContain('31m')
      }
    },
  )

  test('knows what an installation allows on hydration pods', () => {
    const cache = `${CACHE}\n  hydration: { labels: { example.com/cost: "1" } }\n`
    write('labelled.yaml', stream(CLASS, cache))
    const args = ['-f', 'labelled.yaml']
    expect(review(args)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('HydrationMetadataNotAllowed'),
    })
    expect(review([...args, '--hydration-metadata', 'example.com/*'])).toMatchObject({ status: 0 })
  })

  test('explains itself', () => {
    const { status, stdout } = review(['--help'])
    expect(stdout).toMatch(/-f, --filename DIR\|FILE\|-/)
    expect(status).toBe(0)
  })
})
