import { expect, test } from 'vitest'
import { entitiesOf } from './xml.ts'

test.each([
  ['&quot;a&quot; &amp; &apos;b&apos; &lt;c&gt;', `"a" & 'b' <c>`],
  // As MinIO and other servers in Go write them.
  ['&#34;d00491fd&#34;', '"d00491fd"'],
  ['&#x22;d&#x1F600;', '"d\u{1f600}'],
  // What is read once is not read again.
  ['&amp;#34;', '&#34;'],
  ['&#1114112; &#xFFFFFF; &#; &nbsp; &#99999999;', '&#1114112; &#xFFFFFF; &#; &nbsp; &#99999999;'],
])('%s is %s', (text, expected) => {
  expect(entitiesOf(text)).toBe(expected)
})
