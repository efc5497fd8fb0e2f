/**
 * Variables of a hydration Job that hold a text in parts: Linux takes 128 KiB for one variable, and a ModelCache may
 * be larger.
 */
export const MANIFEST_VARIABLE = 'MODELCACHE_MANIFEST'
export const SOURCE_CA_VARIABLE = 'MODELCACHE_SOURCE_CA'

/** Characters of a part: each has up to three bytes, or is one of two `$`. */
const PART = 32_768

export interface Variable {
  name: string
  value: string
}

/** A variable whose value comes through as it is: Kubernetes expands `$(NAME)` in values, and `$$` stands for `$`. */
export function literal(name: string, value: string): Variable {
  return { name, value: value.replaceAll('$', '$$$$') }
}

/** The variables of a container that hold a text. */
export function textVariables(name: string, text: string): Variable[] {
  return partsOf(text).map((part, index) => literal(`${name}_${index}`, part))
}

/** The text in the variables of a process; undefined where there is none. */
export function textOf(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const parts: string[] = []
  for (;;) {
    const part = env[`${name}_${parts.length}`]
    if (part === undefined) return parts.length === 0 ? undefined : parts.join('')
    parts.push(part)
  }
}

/** Parts of whole characters: half of a surrogate pair would not come through. */
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
