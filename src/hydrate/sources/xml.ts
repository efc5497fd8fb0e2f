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

/** The text behind the entities that every XML has. */
export function entitiesOf(text: string): string {
  return text.replace(/&(quot|apos|lt|gt|amp);/g, (_, name: string) => ENTITIES[name] ?? '')
}
