import { expect, test } from 'vitest'
import { eventLine, inOrder, lastWarnings, timeOf } from './events.ts'
import { seenEvent } from './objects.ts'

const at = (minute: number) => `2031-06-01T12:${String(minute).padStart(2, '0')}:00Z`
const event = (given: object) =>
  seenEvent.parse({
    metadata: {},
    involvedObject: {},
    type: 'Warning',
    reason: 'Bad',
    message: 'no',
    ...given,
  })

test('the time of an event is the last that is known', () => {
  expect(timeOf(event({ series: { lastObservedTime: at(3) }, eventTime: at(1) }))).toBe(at(3))
  expect(timeOf(event({ lastTimestamp: null, eventTime: at(1) }))).toBe(at(1))
  expect(timeOf(event({ metadata: { creationTimestamp: at(2) } }))).toBe(at(2))
  expect(timeOf(event({}))).toBe('')
})

test('events are in the order of time, and the last warnings come first, each once', () => {
  const [one, two, again, normal] = [
    event({ message: 'one', lastTimestamp: at(1) }),
    event({ message: 'two', lastTimestamp: at(2) }),
    event({ message: 'one', lastTimestamp: at(3) }),
    event({ message: 'fine', type: 'Normal', lastTimestamp: at(4) }),
  ]
  expect(inOrder([normal, again, two, one])).toEqual([one, two, again, normal])
  expect(lastWarnings([one, two, again, normal], 5)).toEqual([again, two])
  expect(lastWarnings([one, two, again, normal], 1)).toEqual([again])
})

test('a line of an event says when and how often', () => {
  const now = Date.parse(at(9))
  expect(eventLine(event({ lastTimestamp: at(2), count: 12 }), now)).toBe('7m ago, 12 times: Bad: no')
  expect(eventLine(event({ eventTime: at(9) }), now)).toBe('0s ago: Bad: no')
})
