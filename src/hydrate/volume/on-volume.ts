import { volumeFault } from '../failure.ts'

/**
 * Does work on the volume, and turns errors of the operating system into a HydrationError. `doing` completes
 * its message.
 */
export async function onVolume<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw volumeFault(error, doing) ?? error
  }
}
