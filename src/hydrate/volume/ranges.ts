/** Bytes of a file, from the first to before the last. */
export type Range = readonly [from: number, to: number]

/** The ranges with one more, in order. Ranges that touch are joined. */
export function withRange(ranges: readonly Range[], [from, to]: Range): Range[] {
  const before = ranges.filter(([, end]) => end < from)
  const after = ranges.filter(([start]) => start > to)
  const touching = ranges.filter(([start, end]) => end >= from && start <= to)
  const joined: Range = [
    Math.min(from, ...touching.map(([start]) => start)),
    Math.max(to, ...touching.map(([, end]) => end)),
  ]
  return [...before, joined, ...after]
}

/** How many bytes there are from the start without a gap. */
export function prefixOf([first]: readonly Range[]): number {
  return first?.[0] === 0 ? first[1] : 0
}

/** What is missing of so many bytes. */
export function gapsIn(ranges: readonly Range[], size: number): Range[] {
  const gaps: Range[] = []
  let at = 0
  for (const [from, to] of ranges) {
    if (from > at) gaps.push([at, Math.min(from, size)])
    at = Math.max(at, to)
  }
  if (at < size) gaps.push([at, size])
  return gaps
}

/** The same bytes in parts of at most so many. */
export function splitRanges(ranges: readonly Range[], most: number): Range[] {
  return ranges.flatMap(([from, to]) =>
    Array.from({ length: Math.ceil((to - from) / most) }, (_, index): Range => {
      const start = from + index * most
      return [start, Math.min(start + most, to)]
    }),
  )
}
