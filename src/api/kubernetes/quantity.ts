/** Sign, digits, digits behind the point, then an exponent or a suffix: 1E3 is a thousand, 1E is an exa. */
const QUANTITY = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/

const POWERS_OF_1000 = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const POWERS_OF_1024 = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/**
 * Characters of a quantity. Kubernetes writes none with more, and what a long one amounts to takes time that grows
 * with its square.
 */
export const MAX_QUANTITY = 64

/** Kubernetes keeps no more decimal places than these. */
const PLACES = 9

/**
 * What a Kubernetes quantity (`resource.Quantity`: 200Gi, 1.5G, 100m, 1e3) amounts to, exactly, in billionths; what
 * is finer is rounded away from zero, as there. Undefined for what is no quantity, and for texts of more than
 * MAX_QUANTITY characters and exponents of more than three digits, which nothing real has.
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

function decimalPlaces(suffix: string): number {
  return 3 * (POWERS_OF_1000.indexOf(suffix) - POWERS_OF_1000.indexOf(''))
}

/** Rounded up where the power is negative and leaves a rest. */
function timesPowerOf10(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power)
  const divisor = 10n ** BigInt(-power)
  return (value + divisor - 1n) / divisor
}
