import { volumeFault } from '../failure.ts'

/**
 * Does work on the volume; what the operating system says of that comes as a HydrationError. `doing` is how the
 * message goes on.
 */
export async function onVolume<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw volumeFault(error, doing) ?? error
  }
}
