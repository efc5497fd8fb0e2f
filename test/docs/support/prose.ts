import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { inRepository } from '../../manifests/support/rendered.ts'

/** A line that people read, and where it is. */
export interface Line {
  file: string
  number: number
  text: string
}

/** The files of the repository that match these git pathspecs, new ones too. */
export function repositoryFiles(...patterns: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', ...patterns]
  return execFileSync('git', args, { cwd: inRepository('.'), encoding: 'utf8' })
    .trim()
    .split('\n')
}

export function textOf(file: string): string {
  return readFileSync(inRepository(file), 'utf8')
}

/** The lines of prose of a page, without code, output and tables, which cannot be wrapped. */
export function proseOf(page: string): Line[] {
  let isFenced = false
  return linesOf(page).filter(({ text }) => {
    if (/^\s*(```|~~~)/.test(text)) {
      isFenced = !isFenced
      return false
    }
    return !isFenced && !/^(\s*\|| {4,}\S|<!--)/.test(text)
  })
}

/** The comments of a file of TypeScript, YAML or the like, without quoted output and notes for tools. */
export function commentsOf(file: string): Line[] {
  const comment = file.endsWith('.ts') ? /^\s*(\/\*\*|\*|\/\/)/ : /^\s*#( \S|$)/
  return linesOf(file).filter(({ text }) => comment.test(text) && !/biome-ignore|^#!/.test(text))
}

/** The lines of TypeScript with a string of four words or more: messages, help, titles. */
export function messagesOf(file: string): Line[] {
  const words = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`?/g
  return linesOf(file).filter(
    ({ text }) =>
      !/^\s*(\/\*\*|\*|\/\/|import )/.test(text) &&
      (text.match(words) ?? []).some(found => /(?:[A-Za-z]+[ ,;:]+){3}[A-Za-z]/.test(found)),
  )
}

function linesOf(file: string): Line[] {
  return textOf(file)
    .split('\n')
    .map((text, index) => ({ file, number: index + 1, text }))
}
