import { expect, test } from 'vitest'
import { readTarget } from './targets.ts'

const kindsOf = (...words: string[]) => readTarget(words).kinds.map(({ kind }) => kind)

test.each([
  [['pod/a'], ['Pod']],
  [['po', 'a'], ['Pod']],
  [['Deployments/a'], ['Deployment']],
  [['deploy/a'], ['Deployment']],
  [['deployments.apps/a'], ['Deployment']],
  [['lws/a'], ['LeaderWorkerSet']],
  [['inferenceservice/a'], ['InferenceService']],
  [['mc/a'], ['ModelCache']],
])('%j is %j', (words, expected) => {
  expect(kindsOf(...words)).toEqual(expected)
  expect(readTarget(words).name).toBe('a')
})

test('a bare name is tried as a pod first, and never as a kind that few clusters have', () => {
  const kinds = kindsOf('llama-0')
  expect(kinds[0]).toBe('Pod')
  expect(kinds).toContain('LeaderWorkerSet')
  expect(kinds).not.toContain('InferenceService')
})

test('another kind is rejected, with those that there are', () => {
  expect(() => readTarget(['configmap/a'])).toThrow(
    /^configmap is not a kind that creates pods; the kinds are Pod, /,
  )
  expect(() => readTarget(['deployments.example.com/a'])).toThrow(/is not a kind/)
})
