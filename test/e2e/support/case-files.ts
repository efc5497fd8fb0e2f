import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Input, readManifests } from '../../../src/review/read-manifests.ts'

const CASES = fileURLToPath(new URL('../../cases/', import.meta.url))

/** An object of a case, and what the comment before it says about it. */
export interface CaseObject {
  /** The name in the file. */
  text: string
  object: z.infer<typeof caseObject>
  /** What a cluster says. */
  expected: Said
  /** What a review says. */
  reviewed: Said
  /** The containers that mount the cache; undefined if the case does not say. */
  mounts: string[] | undefined
}

/**
 * The expected result for an object: `admitted`, or `warned` or `denied` with the reasons in alphabetical
 * order.
 */
export interface Said {
  verdict: 'admitted' | 'warned' | 'denied'
  reasons: string[]
}

const caseObject = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  status: z.looseObject({}).optional(),
})

/** The names of the files of test/cases/. */
export function caseFiles(): string[] {
  return readdirSync(CASES).filter(name => name.endsWith('.yaml'))
}

/** The objects of a case, in the order of the file. */
export function readCase(file: string): CaseObject[] {
  return readFileSync(CASES + file, 'utf8')
    .split(/^---\n/m)
    .map(text => {
      const { manifests } = manifestsOf(file, text)
      const comment =
        /^(#.*\n)*/
          .exec(text)?.[0]
          .replaceAll(/\n?# ?/g, ' ')
          .trim() ?? ''
      const [, word, names = ''] = /^(Denied|Warns|Review warns|Mounts): ([^.]*)\./.exec(comment) ?? []
      const listed = names.split(', ').toSorted()
      const expected = saidAs(word, listed)
      return {
        text,
        object: caseObject.parse(manifests[0]?.object),
        expected,
        reviewed: word === 'Review warns' ? saidAs('Warns', listed) : expected,
        mounts: word === 'Mounts' ? listed : undefined,
      }
    })
}

function saidAs(word: string | undefined, reasons: string[]): Said {
  if (word === 'Denied') return { verdict: 'denied', reasons }
  return word === 'Warns' ? { verdict: 'warned', reasons } : { verdict: 'admitted', reasons: [] }
}

/** The objects that `modelcache review` reads in a text. */
export function manifestsOf(file: string, text: string, namespace = 'default'): Input {
  const input = readManifests(file, text, namespace)
  if (input.problems.length > 0) throw new Error(JSON.stringify(input.problems))
  return input
}
