/**
 * Whether a glob pattern matches a whole path, with the rules that the Hugging Face clients use for `include`
 * and `exclude`: `*` stands for any characters including `/`, `?` for one, `[abc]` and `[!abc]` for one of a
 * class. A pattern that ends with `/` matches everything below it. The time is at most proportional to the
 * product of both lengths.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  const tokens = parse(pattern.endsWith('/') ? `${pattern}*` : pattern)
  const characters = [...path]
  let at = 0
  let token = 0
  let star = -1
  let starAt = 0
  while (at < characters.length) {
    const wanted = tokens[token]
    if (wanted === '*') {
      star = token++
      starAt = at
    } else if (wanted?.(characters[at] ?? '')) {
      token++
      at++
    } else if (star !== -1) {
      // Let the last star match one more character.
      token = star + 1
      at = ++starAt
    } else return false
  }
  return tokens.slice(token).every(rest => rest === '*')
}

type Token = '*' | ((character: string) => boolean)

function parse(pattern: string): Token[] {
  const characters = [...pattern]
  const tokens: Token[] = []
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]
    const end = character === '[' ? endOfClass(characters, i) : -1
    if (character === '*') tokens.push('*')
    else if (character === '?') tokens.push(() => true)
    else if (end === -1) tokens.push(found => found === character)
    else {
      tokens.push(oneOf(characters.slice(i + 1, end)))
      i = end
    }
  }
  return tokens
}

/** A class has at least one member, so a leading `]` is one. A `[` without an end stands for itself. */
function endOfClass(characters: readonly string[], start: number): number {
  const first = characters[start + 1] === '!' ? start + 2 : start + 1
  return characters.indexOf(']', first + 1)
}

function oneOf(members: readonly string[]): (character: string) => boolean {
  const isNegated = members[0] === '!'
  const ranges: [from: string, to: string][] = []
  for (let i = isNegated ? 1 : 0; i < members.length; i++) {
    const from = members[i] ?? ''
    const to = members[i + 1] === '-' ? members[i + 2] : undefined
    ranges.push([from, to ?? from])
    if (to !== undefined) i += 2
  }
  return character => ranges.some(([from, to]) => from <= character && character <= to) !== isNegated
}
