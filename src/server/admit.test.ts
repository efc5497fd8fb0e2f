import { describe, expect, test } from 'vitest'
import type { ClusterView, ObjectRef } from '../admission/cluster-view.ts'
import { allow, type Decision, deny } from '../admission/decision.ts'
import { error, warning } from '../admission/finding.ts'
import { aRequest, aView, findingsOf, reasonsOf, textOf } from '../admission/fixtures.ts'
import { mutatePod } from '../admission/pod/mutate.ts'
import type { Rules } from '../admission/rules.ts'
import { aClaim, aModelCache, aPod, aReadyCache, NAMESPACE } from '../api/fixtures.ts'
import { violation } from '../api/violation.ts'
import type { LiveReader } from '../view/live-read.ts'
import type { InDoubt } from '../view/lookups.ts'
import { admit } from './admit.ts'
import { aRecordedLogger } from './fixtures.ts'

const LLAMA: ObjectRef = { kind: 'ModelCache', namespace: NAMESPACE, name: 'llama' }
const READY = aView({ caches: [aReadyCache()] })
const NONE = aView()
const LIMIT_MS = 10_000

/** A live reader that finds `live`, or fails, and remembers what it was asked for. */
function aReader(live: ClusterView | Error) {
  const asked: (readonly ObjectRef[])[] = []
  const confirm: LiveReader = async (_view, refs) => {
    asked.push(refs)
    if (live instanceof Error) throw live
    return live
  }
  return { confirm, asked }
}

async function decide(rules: Rules, view: ClusterView, confirm: LiveReader, limitMs = LIMIT_MS) {
  const { logger, logged } = aRecordedLogger()
  const decision = await admit(rules, aRequest({ object: aPod() }), { view, confirm, logger }, limitMs)
  return { decision, logged }
}

describe('an allowed request', () => {
  test('costs no live read', async () => {
    const { confirm, asked } = aReader(NONE)
    const { decision } = await decide(mutatePod, READY, confirm)
    expect(decision.allowed).toBe(true)
    expect(asked).toEqual([])
  })
})

describe('an allowed request while a watch is known to be broken', () => {
  const broken: InDoubt = kind => kind === 'ModelCache'
  const inDoubt = async (view: ClusterView, confirm: LiveReader, doubt = broken) => {
    const { logger, logged } = aRecordedLogger()
    const admission = { view, confirm, inDoubt: doubt, logger }
    const decision = await admit(mutatePod, aRequest({ object: aPod() }), admission, LIMIT_MS)
    return { decision, logged }
  }

  test('is allowed when the live read says the same', async () => {
    const { confirm, asked } = aReader(READY)
    const { decision } = await inDoubt(READY, confirm)
    expect(decision).toEqual(mutatePod(aRequest({ object: aPod() }), READY))
    expect(asked).toEqual([[LLAMA]])
  })

  test('is denied when its cache is Ready no more, by one live read', async () => {
    const { confirm, asked } = aReader(aView({ caches: [aModelCache()] }))
    const { decision } = await inDoubt(READY, confirm)
    expect(reasonsOf(decision)).toEqual(['CacheNotReady'])
    expect(textOf(decision)).not.toContain('as of the last watch event')
    expect(asked).toHaveLength(1)
  })

  test('is allowed by the last event when nothing can be read, and that is logged', async () => {
    const { confirm } = aReader(new Error('connection refused'))
    const { decision, logged } = await inDoubt(READY, confirm)
    expect(decision.allowed).toBe(true)
    expect(logged.map(({ msg }) => msg)).toEqual([
      'a watch is broken, and its last state could not be confirmed',
    ])
  })

  test('costs no live read when the watch that is broken is of another kind', async () => {
    const { confirm, asked } = aReader(NONE)
    const { decision } = await inDoubt(READY, confirm, kind => kind === 'StorageClass')
    expect(decision.allowed).toBe(true)
    expect(asked).toEqual([])
  })

  test('a denial that cannot be confirmed stays one, and says so', async () => {
    const { confirm } = aReader(new Error('connection refused'))
    const { decision } = await inDoubt(NONE, confirm)
    expect(reasonsOf(decision)).toEqual(['CacheNotFound'])
    expect(textOf(decision)).toContain('as of the last watch event')
  })
})

describe('a denial by the request alone', () => {
  test('costs no live read', async () => {
    const { confirm, asked } = aReader(READY)
    const denial = deny(violation('ReferenceInvalid', 'f', 't'))
    const { decision } = await decide(() => denial, READY, confirm)
    expect(decision).toEqual(denial)
    expect(asked).toEqual([])
  })
})

describe('a denial that rests on the cluster', () => {
  test('is given after exactly one live read of what it rests on says the same', async () => {
    const { confirm, asked } = aReader(NONE)
    const { decision } = await decide(mutatePod, NONE, confirm)
    expect(reasonsOf(decision)).toEqual(['CacheNotFound'])
    expect(asked).toEqual([[LLAMA]])
  })

  test('is reversed, patch and all, when the live read finds the cache Ready', async () => {
    const { confirm, asked } = aReader(READY)
    for (const view of [NONE, aView({ caches: [aModelCache()] })]) {
      const { decision } = await decide(mutatePod, view, confirm)
      expect(decision).toEqual(mutatePod(aRequest({ object: aPod() }), READY))
      expect(decision).toMatchObject({ allowed: true, patch: expect.arrayContaining([expect.anything()]) })
    }
    expect(asked).toHaveLength(2)
  })

  test('gives the newer reason when the live read finds another', async () => {
    const { confirm, asked } = aReader(aView({ caches: [aModelCache()] }))
    const { decision } = await decide(mutatePod, NONE, confirm)
    expect(reasonsOf(decision)).toEqual(['CacheNotReady'])
    expect(asked).toHaveLength(1)
  })

  test('stays when the live read fails, says so, and the failure is logged', async () => {
    const { confirm, asked } = aReader(new Error('connection refused'))
    const { decision, logged } = await decide(mutatePod, NONE, confirm)
    expect(reasonsOf(decision)).toEqual(['CacheNotFound'])
    expect(textOf(decision)).toContain('did not answer a live read')
    expect(asked).toHaveLength(1)
    expect(logged).toMatchObject([{ err: { message: 'connection refused' } }])
  })

  test('stays when the live read does not end within the limit', async () => {
    const confirm: LiveReader = (_view, _refs, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const { decision } = await decide(mutatePod, NONE, confirm, 1)
    expect(reasonsOf(decision)).toEqual(['CacheNotFound'])
  })

  test('says of those findings alone that they are as of the watch', async () => {
    const findings: Decision = {
      allowed: false,
      findings: [
        error(violation('MountPathInvalid', 'a', 'by the request')),
        error(violation('StorageClassNotFound', 'b', 'by the cluster'), [LLAMA]),
      ],
    }
    const { decision } = await decide(() => findings, NONE, aReader(new Error('down')).confirm)
    expect(findingsOf(decision).map(({ violation: { text } }) => text)).toEqual([
      'by the request',
      expect.stringMatching(/^by the cluster \(as of the last watch event/),
    ])
  })
})

describe('a permission that rests on the absence of something', () => {
  const rests: Rules = (_request, view) =>
    view.get('ModelCache', NAMESPACE, 'llama') === undefined ? allow({ basis: [LLAMA] }) : allow()

  test('is given after one live read', async () => {
    const { confirm, asked } = aReader(NONE)
    const { decision } = await decide(rests, NONE, confirm)
    expect(decision.allowed).toBe(true)
    expect(asked).toEqual([[LLAMA]])
  })

  test('is not given when the live read fails', async () => {
    const { decision } = await decide(rests, NONE, aReader(new Error('down')).confirm)
    expect(reasonsOf(decision)).toEqual(['InternalError'])
  })
})

describe('a warning that rests on the cluster', () => {
  const advised = (basis: ObjectRef[]) =>
    allow({ warnings: [{ severity: 'warning', violation: WARNING, basis }] })
  const WARNING = violation('CacheNotFound', '', 'there is none')
  const warns: Rules = (_request, view) =>
    view.get('ModelCache', NAMESPACE, 'llama') === undefined ? advised([LLAMA]) : allow()

  test('is given after one live read says the same, and not when it says otherwise', async () => {
    const { confirm, asked } = aReader(NONE)
    expect((await decide(warns, NONE, confirm)).decision).toMatchObject({
      warnings: [{ violation: WARNING }],
    })
    expect(asked).toEqual([[LLAMA]])
    expect((await decide(warns, NONE, aReader(READY).confirm)).decision).toEqual(allow())
  })

  test('is left out when the live read fails; one by the request alone stays', async () => {
    const down = aReader(new Error('down')).confirm
    expect((await decide(warns, NONE, down)).decision).toEqual(allow())
    expect((await decide(() => advised([]), NONE, down)).decision).toEqual(advised([]))
  })
})

describe('a decision that a live read changes', () => {
  const CLAIM: ObjectRef = { kind: 'PersistentVolumeClaim', namespace: NAMESPACE, name: 'ops' }
  const found = aView({ caches: [aReadyCache()] })
  /** Denies without the cache. With it, warns about a claim that the view does not have. */
  const rules: Rules = (_request, view) => {
    if (!view.get('ModelCache', NAMESPACE, 'llama'))
      return deny(violation('CacheNotFound', '', 'gone'), [LLAMA])
    const told = warning('ClaimNotFound', '', 'gone', [CLAIM])
    return view.get('PersistentVolumeClaim', NAMESPACE, 'ops') ? allow() : allow({ warnings: [told] })
  }

  test('is confirmed in what it rests on newly, and only that', async () => {
    const asked: (readonly ObjectRef[])[] = []
    const confirm: LiveReader = async (_view, refs) => {
      asked.push(refs)
      if (asked.length === 1) return found
      return aView({ caches: [aReadyCache()], claims: [aClaim({ name: 'ops' })] })
    }
    expect((await decide(rules, NONE, confirm)).decision).toEqual(allow())
    expect(asked).toEqual([[LLAMA], [CLAIM]])
  })

  test('loses the warning that cannot be confirmed', async () => {
    let reads = 0
    const confirm: LiveReader = async () => {
      if (++reads === 1) return found
      throw new Error('down')
    }
    expect((await decide(rules, NONE, confirm)).decision).toEqual(allow())
  })

  test('is not chased forever', async () => {
    let reads = 0
    const restless: Rules = () =>
      deny(violation('CacheNotFound', '', 'gone'), [{ ...CLAIM, name: `s${reads}` }])
    const confirm: LiveReader = async () => {
      reads += 1
      return { ...NONE }
    }
    const { decision } = await decide(restless, NONE, confirm)
    expect(textOf(decision)).toContain('as of the last watch event')
    expect(reads).toBe(3)
  })

  test('is not looked for where the live read found what the watch had', async () => {
    let decisions = 0
    const rules: Rules = () => {
      decisions += 1
      return deny(violation('CacheNotFound', '', 'gone'), [CLAIM])
    }
    const { decision } = await decide(rules, NONE, async view => view)
    expect(textOf(decision)).toBe('gone')
    expect(decisions).toBe(1)
  })
})

describe('a rule that throws', () => {
  const broken: Rules = () => {
    throw new TypeError('cannot read properties of undefined')
  }

  async function expectFault(rules: Rules, view: ClusterView, confirm: LiveReader) {
    const { decision, logged } = await decide(rules, view, confirm)
    expect(reasonsOf(decision)).toEqual(['InternalError'])
    const [fault] = logged.filter(({ reference }) => reference !== undefined)
    expect(fault).toMatchObject({
      level: 50,
      uid: aRequest().uid,
      reference: expect.stringMatching(/^[-0-9a-f]{36}$/),
    })
    expect(textOf(decision)).toContain(`reference ${fault?.reference}`)
    return { decision, fault }
  }

  test('denies with a reference id under which the log has the fault', async () => {
    const { decision, fault } = await expectFault(broken, READY, aReader(READY).confirm)
    expect(fault).toMatchObject({
      err: { type: 'TypeError', message: 'cannot read properties of undefined' },
    })
    expect(textOf(decision)).not.toContain('cannot read properties')
  })

  test('denies also when it throws only on what the live read found', async () => {
    const rules: Rules = (request, view) =>
      view === READY ? broken(request, view) : mutatePod(request, view)
    await expectFault(rules, NONE, aReader(READY).confirm)
  })

  test('denies also when it is the view that throws', async () => {
    const view: ClusterView = {
      ...NONE,
      get: () => {
        throw new Error('store broken')
      },
    }
    await expectFault(mutatePod, view, aReader(READY).confirm)
  })

  test('gets a reference id of its own each time', async () => {
    const one = await decide(broken, READY, aReader(READY).confirm)
    const two = await decide(broken, READY, aReader(READY).confirm)
    expect(textOf(one.decision)).not.toBe(textOf(two.decision))
  })
})

test('a rule that is content is not asked twice', async () => {
  let runs = 0
  const rules: Rules = () => {
    runs += 1
    return allow()
  }
  await decide(rules, NONE, aReader(NONE).confirm)
  expect(runs).toBe(1)
})
