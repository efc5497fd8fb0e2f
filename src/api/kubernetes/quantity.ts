/** Sign, digits, decimals, then an exponent or a suffix: 1E3 is a thousand, and 1E is an exa. */
const QUANTITY = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/

const POWERS_OF_1000 = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const POWERS_OF_1024 = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/**
 * Characters of a quantity. Kubernetes writes none with more, and the time to evaluate one grows with the
 * square of its length.
 */
export const MAX_QUANTITY = 64

/** Kubernetes keeps at most this many decimal places. */
const PLACES = 9

/**
 * The exact value of a Kubernetes quantity (`resource.Quantity`: 200Gi, 1.5G, 100m, 1e3) in billionths. Finer
 * values are rounded away from zero, as Kubernetes does. Undefined if the text is not a quantity, has more
 * than MAX_QUANTITY characters, or has an exponent of more than three digits, which nothing real has.
 */
export function parseQuantity(quantity: string | number): bigint | undefined {
  const text = String(quantity)
  const match = text.length > MAX_QUANTITY ? null : QUANTITY.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = match
  const digits = BigInt(whole + fraction)
  const binary = POWERS_OF_1024.indexOf(suffix)
  const amount =
    binary > 0
      ? timesPowerOf10(digits * 1024n ** BigInt(binary), PLACES - fraction.length)
      : timesPowerOf10(digits, PLACES - fraction.length + Number(exponent ?? decimalPlaces(suffix)))
  return sign === '-' ? -amount : amount
}

/** The same in bytes; undefined also for what no volume has: nothing, or more than 2^53 bytes. */
export function parseBytes(quantity: string | number): number | undefined {
  const bytes = Number((parseQuantity(quantity) ?? 0n) / 10n ** BigInt(PLACES))
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

function decimalPlaces(suffix: string): number {
  return 3 * (POWERS_OF_1000.indexOf(suffix) - POWERS_OF_1000.indexOf(''))
}

/** Rounds up if the power is negative and there is a remainder. */
function timesPowerOf10(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power)
  const divisor = 10n ** BigInt(-power)
  return (value + divisor - 1n) / divisor
}
