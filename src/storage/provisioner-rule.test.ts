import { describe, expect, it } from 'vitest'
import { applyRule, BLOCK, byParameter, shared } from './provisioner-rule.ts'

const NFS = shared('NFS shares')

describe('byParameter', () => {
  it('names the parameter that decided', () => {
    const rule = byParameter('protocol', { nfs: NFS })
    expect(applyRule(rule, { protocol: 'nfs' }).why).toBe(
      'with protocol=nfs provides NFS shares, mountable by many nodes',
    )
  })

  it.each([
    ['another case of the name', { PROTOCOL: 'nfs' }],
    ['another case of the value', { protocol: 'NFS' }],
    ['spaces around the value', { protocol: ' nfs ' }],
    ['the prefix of a pattern', { protocol: 'iscsi-multi' }],
  ])('accepts %s', (_, parameters) => {
    expect(applyRule(byParameter('protocol', { nfs: NFS, 'iscsi*': NFS }), parameters).answer).toBe('yes')
  })

  it('takes the first of several names that is set', () => {
    const rule = byParameter(['new', 'old'], { nfs: NFS, disk: BLOCK })
    expect(applyRule(rule, { old: 'disk', new: 'nfs' }).answer).toBe('yes')
    expect(applyRule(rule, { old: 'disk' }).answer).toBe('no')
  })

  it('falls back to the other rule, which may ask for another parameter', () => {
    const rule = byParameter('protocol', { nfs: NFS }, byParameter('files', { true: NFS }, BLOCK))
    expect(applyRule(rule, { protocol: 'iscsi', files: 'true' }).answer).toBe('yes')
    expect(applyRule(rule, {})).toEqual(BLOCK)
  })

  it('is unknown with nothing to fall back to, and says what is missing', () => {
    const rule = byParameter('protocol', { nfs: NFS })
    expect(applyRule(rule, {}).why).toBe('decides by parameter protocol, which is not set')
    expect(applyRule(rule, { protocol: 'x' })).toEqual({
      answer: 'unknown',
      why: 'decides by parameter protocol, which has an unknown value:  "x"',
    })
  })
})
