import { expect, test } from 'vitest'
import { volumeFault } from './failure.ts'

/** What Node throws for an error of the operating system, with a code that it may not know. */
function ofSystem(errno: number, code: string): Error {
  return Object.assign(new Error(`${code}: write`), { errno, code, syscall: 'write' })
}

test.each<[string, number, string, string | undefined]>([
  ['ENOSPC', -28, 'ENOSPC', 'NoSpace'],
  ['EDQUOT, which Node does not know', -122, 'Unknown system error -122', 'NoSpace'],
  ['ESTALE, which Node does not know', -116, 'Unknown system error -116', 'VolumeFailed'],
  ['EBADFD', -77, 'Unknown system error -77', 'VolumeFailed'],
  ['EREMOTEIO', -121, 'Unknown system error -121', 'VolumeFailed'],
  ['EUCLEAN', -117, 'Unknown system error -117', 'VolumeFailed'],
  ['EIO', -5, 'EIO', 'VolumeFailed'],
  ['EROFS', -30, 'EROFS', 'VolumeNotWritable'],
  ['EOPNOTSUPP', -95, 'EOPNOTSUPP', 'VolumeUnsupported'],
  ['ENAMETOOLONG', -36, 'ENAMETOOLONG', 'FileNameInvalid'],
  ['ENOENT', -2, 'ENOENT', undefined],
])('%s is a fault of the volume, or none', (_, errno, code, reason) => {
  expect(volumeFault(ofSystem(errno, code), 'writing a')?.reason).toBe(reason)
})

test('the name of the error is said', () => {
  expect(volumeFault(ofSystem(-122, 'Unknown system error -122'), 'writing a')?.message).toBe(
    'the volume is full (EDQUOT) while writing a; raise spec.storage.pvc.sizeGiB',
  )
})
