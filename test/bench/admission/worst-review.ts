import { admissionReview, respond } from '../../../src/admission/admission-review.ts'
import { mutatePod } from '../../../src/admission/pod/mutate.ts'
import type { Rules } from '../../../src/admission/rules.ts'
import { validateWorkload } from '../../../src/admission/workload/validate.ts'
import { CACHES } from '../../../src/api/names.ts'
import { BodyRejected, parseBody } from '../../../src/server/review-body.ts'
import { clusterOf, READY } from '../cluster.ts'
import { type Result, rowOf } from '../results.ts'
import { gangReview, leaderPod, podReview } from '../subjects.ts'
import { spread, timeRounds } from '../timed-rounds.ts'

/** The size of the largest object that etcd stores. */
const LARGEST = 1_500_000
const OURS = 'the worst that we know'
const PLAIN = 'a plain pod of the same size'
const TIMES = 5
/** Runs of each attack before any is timed, because V8 compiles only what has run for a while. */
const WARM_UP = 20

interface Attack {
  name: string
  rules: Rules
  body: Buffer
}

/**
 * Times how long one review blocks the event loop. It compares the largest bodies that a tenant can send with
 * a plain pod of the same size.
 */
export function benchWorst(rounds: number): Result {
  const view = clusterOf({ caches: 1_000 })
  const run = ({ rules, body }: Attack) => {
    try {
      const { request } = admissionReview.parse(parseBody(body))
      JSON.stringify(respond(request.uid, rules(request, view)))
    } catch (error) {
      // A rejection is an answer too.
      if (!(error instanceof BodyRejected)) throw error
    }
  }
  const ms = (attack: Attack) =>
    Array.from(
      { length: rounds },
      () => timeRounds(() => run(attack), { rounds: 1, times: TIMES }).median / 1000,
    )
  const known = attacks()
  for (const attack of known) for (let turn = 0; turn < WARM_UP; turn++) run(attack)
  const all = known.map(attack => ({ attack, figures: ms(attack) }))
  for (const { attack, figures } of all)
    console.log(`  ${attack.name}, ${attack.body.length} bytes: ${spread(figures).median.toFixed(1)} ms`)
  const [worst] = all.toSorted((one, other) => spread(other.figures).median - spread(one.figures).median)
  if (worst === undefined) throw new Error('there is no attack')
  const plain = { name: PLAIN, rules: mutatePod, body: plainOf(worst.attack.body.length) }
  return rowOf({
    name: 'worst-review',
    work: `time on the event loop for ${worst.attack.name}`,
    unit: 'ms',
    ours: OURS,
    figures: new Map([
      [OURS, worst.figures],
      [PLAIN, ms(plain)],
    ]),
  })
}

const bodyOf = (review: object) => Buffer.from(JSON.stringify(review))

function plainOf(bytes: number): Buffer {
  const pod = leaderPod(READY)
  const env = [{ name: 'TEXT', value: '' }]
  const [container, ...others] = Object(pod.spec).containers
  const at = (value: string) =>
    bodyOf(
      podReview({
        ...pod,
        spec: { ...pod.spec, containers: [{ ...container, env: [{ ...env[0], value }] }, ...others] },
      }),
    )
  return at('x'.repeat(bytes - at('').length))
}

function attacks(): Attack[] {
  const pod = leaderPod(READY)
  const withSpec = (spec: object) => bodyOf(podReview({ ...pod, spec: { ...pod.spec, ...spec } }))
  const [container] = Object(pod.spec).containers
  const withText = (text: string) =>
    withSpec({ containers: [{ ...container, args: [text.repeat(LARGEST / Buffer.byteLength(text))] }] })
  const many = <T>(count: number, item: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => item(index))
  const small = (index: number) => ({ ...container, name: `c-${index}`, resources: undefined })
  const pods: [name: string, body: Buffer][] = [
    ['a text of $(', withText('$(')],
    ['a text of paths', withText('/mnt/model/')],
    ['a text of spaces and dashes', withText(' --a= -b')],
    ['a text of escapes', withText('"\\')],
    ['a text of letters outside of ASCII', withText('ü漢\u{1f600}')],
    ['256 containers', withSpec({ containers: many(256, small) })],
    [
      '1,024 volumes and mounts',
      withSpec({
        volumes: many(1_024, index => ({ name: `v-${index}`, emptyDir: {} })),
        containers: [
          {
            ...container,
            volumeMounts: many(1_024, index => ({ name: `v-${index}`, mountPath: `/mnt/${index}` })),
          },
        ],
      }),
    ],
    [
      '4,000 variables',
      withSpec({
        containers: [
          {
            ...container,
            env: many(4_000, index => ({ name: `V_${index}`, value: '/mnt/model'.repeat(30) })),
          },
        ],
      }),
    ],
    [
      '19,000 values that nobody reads',
      withSpec({ unknown: many(19_000, index => `${index}`.padEnd(70, 'x')) }),
    ],
    [
      'an annotation with many caches',
      bodyOf(
        podReview({
          ...pod,
          metadata: {
            ...pod.metadata,
            annotations: { [CACHES]: many(10_000, index => `${READY}-${index % 10}`).join(',') },
          },
        }),
      ),
    ],
  ]
  const gang: unknown = JSON.parse(
    JSON.stringify(gangReview()).replaceAll('/mnt/model ', `/mnt/model ${'$(X) '.repeat(100_000)} `),
  )
  return [
    ...pods.map(([name, body]) => ({ name: `a pod with ${name}`, rules: mutatePod, body })),
    {
      name: 'a LeaderWorkerSet with long command lines',
      rules: validateWorkload,
      body: bodyOf(Object(gang)),
    },
  ]
}
