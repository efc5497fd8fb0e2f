/** An answer of a server. */
export interface Reply {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: AsyncIterable<Uint8Array>
  /** Drops what is not read yet. Every body must be read to its end or dropped. */
  drop(): void
}

/** A header of a reply; the first one if there are several. */
export function headerOf({ headers }: Pick<Reply, 'headers'>, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** The server has no such range of the file (RFC 9110 section 15.5.17). An empty file has none at all. */
export const UNSATISFIABLE = 416

/** The bytes are not those that were asked for (RFC 9110 section 15.5.13). */
export const PRECONDITION_FAILED = 412

/** The bytes of the whole file, by a Content-Range (RFC 9110 section 14.4). */
export function sizeIn(reply: Pick<Reply, 'headers'>): number | undefined {
  const [, size] = /\/(\d{1,16})$/.exec(headerOf(reply, 'content-range') ?? '') ?? []
  return size === undefined ? undefined : Number(size)
}
