import { describe, expect, test } from 'vitest'
import { commentsOf, type Line, messagesOf, proseOf, repositoryFiles, textOf } from './support/prose.ts'

const COLUMNS = 110

const code = repositoryFiles('*.ts').filter(file => !file.endsWith('words.test.ts'))
const manifests = repositoryFiles('*.yaml', '*.tpl', 'Makefile', 'Dockerfile', '.ci/run').filter(
  file => !file.includes('/crds/'),
)
const pages = repositoryFiles('*.md')
const isTest = (file: string) => /\.test\.ts$|^test\//.test(file)

/**
 * Turns that nobody says at a desk, with what to write instead. Few, so that a hit is nearly always right.
 */
const TURNS: readonly [RegExp, string][] = [
  [/(?<!(all|both|each|none|some|last|first|one|two) )\bof which\b/, 'start a new sentence'],
  [/\bas which\b/, 'name what it is used for'],
  [/\bsuch that have\b/, 'say which ones'],
  [/(?<!\b(in|by) )\bthe way of\b/, 'lifecycle, path, order'],
  [/\bwhat is (\w+ ){1,5}is\b/, 'name the thing'],
  [/\bwho (\w+ ){2,8}over\b/, 'if you'],
  [/\bsome?what else than\b|\bsomebody else than\b/, 'other than'],
  [
    /\brefus(e|es|ed|ing|als?)\b(?! connection)(?<!connection refused)/,
    'deny, for admission; reject, for anything else',
  ],
  [/\bnothing is (said|told)\b|\b(is|are) (said|told) (of|in|once|so)\b/, 'log, report, say'],
  [/\bin silence\b|\bwithout a word\b/, 'silently, without a message'],
  [/\banew\b/, 'again'],
  [/\b(takes?|taken) off\b/, 'remove'],
  [/\bfor want of\b/, 'because there is no'],
  [/\bby nature\b/, 'anyway'],
  [/\b(is|are) no (part|member|obstacle|fault|step|value) of\b/, 'is not'],
  [/\bbesides those that\b/, 'in addition to'],
  [/\bwhere (there is|there are) none\b/, 'if there is none'],
  [/\bmakes? (its|the|a|another) (claim|pod|volume)\b(?! (call|run|wait))/, 'create'],
]

const found = (lines: readonly Line[]) =>
  lines.flatMap(({ file, number, text }) =>
    TURNS.flatMap(([turn, instead]) => {
      // Names of the code are not words.
      const words = text.replaceAll(/`[^`]*`|\.refused|refused[(:,]|\brefused \}/g, '')
      const [hit] = turn.exec(words) ?? []
      return hit === undefined ? [] : [`${file}:${number}: "${hit}": ${instead}`]
    }),
  )

test.each([
  ['code', code],
  ['manifests', manifests],
])(`comments of %s have at most ${COLUMNS} columns`, (_, files) => {
  const lines = files.flatMap(commentsOf)
  expect(lines.length).toBeGreaterThan(100)
  const long = lines.filter(({ text }) => [...text].length > COLUMNS)
  expect(long.map(({ file, number }) => `${file}:${number}`)).toEqual([])
})

describe('nobody would say', () => {
  test.each([
    ['comments of code', code.flatMap(commentsOf)],
    ['comments of manifests', manifests.flatMap(commentsOf)],
    ['messages', code.filter(file => !isTest(file)).flatMap(messagesOf)],
    ['pages', pages.flatMap(proseOf)],
    ['tables', pages.flatMap(page => tablesOf(page))],
  ])('some turns, which %s do without', (_, lines) => {
    expect(lines.length).toBeGreaterThan(50)
    expect(found(lines)).toEqual([])
  })
})

test('a turn is found, and the name of a member is not', () => {
  const line = (text: string) => [{ file: 'a.md', number: 1, text }]
  expect(found(line('users as which it creates pods'))).toHaveLength(1)
  expect(found(line('the pod is refused'))).toHaveLength(1)
  expect(found(line('connection refused; `refused` is a member, one of which is read'))).toEqual([])
})

function tablesOf(page: string): Line[] {
  return textOf(page)
    .split('\n')
    .map((text, index) => ({ file: page, number: index + 1, text }))
    .filter(({ text }) => /^\s*\|/.test(text))
}
