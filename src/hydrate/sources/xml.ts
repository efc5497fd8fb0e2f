import { XMLParser } from 'fast-xml-parser'

/** Values stay texts, and nothing in the document defines what its entities are. */
export function xmlParser(lists: readonly string[]): XMLParser {
  return new XMLParser({
    ignoreAttributes: true,
    parseTagValue: false,
    processEntities: false,
    isArray: name => lists.includes(name),
  })
}

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' }

const MAX_CODE = 0x10ffff

/**
 * Decodes the five entities of XML and numeric character references (XML 1.0 section 4.1). MinIO writes a
 * quote as `&#34;`.
 */
export function entitiesOf(text: string): string {
  return text.replace(
    /&(?:(quot|apos|lt|gt|amp)|#(\d{1,7})|#x([\da-fA-F]{1,6}));/g,
    (whole, name?: string, decimal?: string, hex?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
      return code <= MAX_CODE ? String.fromCodePoint(code) : whole
    },
  )
}
