/**
 * A pattern in the syntax of RE2, which the API server runs. It differs from ours only in how it writes code
 * points.
 */
export function re2(pattern: string): string {
  return pattern.replaceAll('\\u{', '\\x{')
}

/**
 * Whether `a.b.c` is set, as CEL: each step on the way must be. Optional chaining (`?a.?b`) would be shorter,
 * but then the API server's cost estimate ignores the length limits behind it, and it rejects the CRD.
 */
export function present(root: 'self' | 'oldSelf' | 'source', field: string): string {
  // CEL has no names with a dash. Kubernetes writes them so.
  const names = field.split('.').map(name => name.replaceAll('-', '__dash__'))
  return names.map((_, index) => `has(${root}.${names.slice(0, index + 1).join('.')})`).join(' && ')
}

/** The object that has a field, and the name of the field there. */
export function split(field: string): { at: string; name: string } {
  const dot = field.lastIndexOf('.')
  return { at: field.slice(0, Math.max(0, dot)), name: field.slice(dot + 1) }
}

/** A dotted path as `fieldPath` wants it. */
export function pathOf(field: string): string {
  return field.replaceAll(/(?:^|\.)([^.]+)/g, (_, name: string) =>
    name.includes('-') ? `['${name}']` : `.${name}`,
  )
}

/** A list of texts. */
export function list(values: readonly string[]): string {
  return `[${values.map(value => `'${value}'`).join(', ')}]`
}
