import type { Random } from './random.ts'
import { SAMPLES } from './samples.ts'

const ALPHABETS = ['ab0-._', 'aB0-._/:@', 'a/.~^:?*[\\@{', 'a0.:/@é ', '/.a:', 'a-\x01\x7f\x80\n']
const BEGINNINGS = ['', '', 's3://', 'https://', 'r.io/', 'r.io/a@sha256:', '/', '/dev/', '/mnt/']

/** A text for a field: a sample, or random characters. */
export function written(kind: keyof typeof SAMPLES, random: Random): string {
  if (random.chance(0.75)) return random.pick(SAMPLES[kind])
  const alphabet = [...random.pick(ALPHABETS)]
  const tail = Array.from({ length: random.below(8) }, () => random.pick(alphabet)).join('')
  return `${random.pick(BEGINNINGS)}${tail}`
}
