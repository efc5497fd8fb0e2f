/**
 * Variables of a hydration Job that hold a text in parts: Linux allows 128 KiB for one variable, and a
 * ModelCache may be larger.
 */
export const MANIFEST_VARIABLE = 'MODELCACHE_MANIFEST'
export const SOURCE_CA_VARIABLE = 'MODELCACHE_SOURCE_CA'

/** Characters of a part. Each takes up to three bytes, or is a `$` that is doubled. */
const PART = 32_768

export interface Variable {
  name: string
  value: string
}

/**
 * A variable whose value arrives unchanged: Kubernetes expands `$(NAME)` in values, and `$$` stands for `$`.
 */
export function literal(name: string, value: string): Variable {
  return { name, value: value.replaceAll('$', '$$$$') }
}

/** The variables of a container that carry a text. */
export function textVariables(name: string, text: string): Variable[] {
  return partsOf(text).map((part, index) => literal(`${name}_${index}`, part))
}

/** The text in the variables of a process; undefined if there is none. */
export function textOf(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const parts: string[] = []
  for (;;) {
    const part = env[`${name}_${parts.length}`]
    if (part === undefined) return parts.length === 0 ? undefined : parts.join('')
    parts.push(part)
  }
}

/** Splits between whole characters: half of a surrogate pair would be lost. */
function partsOf(text: string): string[] {
  const parts: string[] = []
  for (let start = 0; start < text.length; ) {
    const end = start + PART
    const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) && end < text.length
    parts.push(text.slice(start, isSplit ? end - 1 : end))
    start = isSplit ? end - 1 : end
  }
  return parts
}
