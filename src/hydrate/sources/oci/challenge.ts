/** How a registry wants to be asked (RFC 9110 section 11.6.1). */
export type Challenge =
  | { scheme: 'basic' }
  | { scheme: 'bearer'; realm: string; service: string | undefined; scope: string | undefined }

/** A registry sends a line. */
const MAX_LENGTH = 8192

/** The challenge that we can answer, out of all WWW-Authenticate headers; undefined if there is none. */
export function challengeIn(headers: string | readonly string[] | undefined): Challenge | undefined {
  const found = [headers ?? []].flat().flatMap(header => parse(header.slice(0, MAX_LENGTH)))
  return found.find(({ scheme }) => scheme === 'bearer') ?? found[0]
}

function parse(header: string): Challenge[] {
  const [, scheme = '', rest = ''] = /^\s*([A-Za-z]+)\s*(.*)$/.exec(header) ?? []
  if (/^basic$/i.test(scheme)) return [{ scheme: 'basic' }]
  const { realm, service, scope } = parametersOf(rest)
  if (!/^bearer$/i.test(scheme) || realm === undefined) return []
  return [{ scheme: 'bearer', realm, service, scope }]
}

function parametersOf(text: string): Partial<Record<string, string>> {
  const found = text.matchAll(/([A-Za-z]+)=(?:"([^"]*)"|([^\s,"]+))/g)
  return Object.fromEntries([...found].map(([, name = '', quoted, plain]) => [name, quoted ?? plain]))
}
