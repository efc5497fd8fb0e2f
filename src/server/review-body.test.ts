import { describe, expect, test } from 'vitest'
import { BodyRejected, parseBody } from './review-body.ts'

const parse = (text: string) => parseBody(Buffer.from(text))
const list = (length: number, value: string) => `[${Array.from({ length }, () => value).join(',')}]`

describe('a body', () => {
  test('gives what JSON means, a key __proto__ and a byte order mark inside a text included', () => {
    const parsed = parse('{"__proto__":{"a":1},"b":"\\ufeff"}') as object
    expect(Object.keys(parsed)).toEqual(['__proto__', 'b'])
  })

  test.each(['', '{', '{"a":1}x', "{'a':1}", 'undefined'])('that is no JSON is denied with 400: %s', text => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ statusCode: 400 }))
  })

  test('of 20,000 values is read, and one of more is denied with 413', () => {
    const padded = (length: number) => `{"padding":"${'x'.repeat(70_000)}","list":${list(length, '1')}}`
    expect(parse(padded(19_990))).toBeDefined()
    expect(() => parse(padded(20_001))).toThrow(BodyRejected)
  })

  test.each(['{},{}', '[],[]', '"a":1,"b":[{},{}]'])('is denied for what lists hold, such as %s', value => {
    const text = value.startsWith('"') ? list(30_000, `{${value}}`) : list(60_000, value)
    expect(() => parse(text)).toThrow(expect.objectContaining({ statusCode: 413 }))
  })

  test('may have as many brackets and commas in its texts as it likes', () => {
    const text = '[{,}],'.repeat(100_000)
    expect(parse(JSON.stringify({ text, more: `\\"${text}` }))).toEqual({ text, more: `\\"${text}` })
  })
})
