/** Median, minimum and maximum of some figures. */
export interface Spread {
  median: number
  min: number
  max: number
}

export function spread(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) }
}

/** The value below which a share of the sorted figures lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Runs `work` `times` times in each of the rounds after a warm-up. Returns microseconds per run. */
export function timeRounds(work: () => void, { rounds = 5, times = 20_000 } = {}): Spread {
  const round = () => {
    const start = performance.now()
    for (let i = 0; i < times; i++) work()
    return ((performance.now() - start) * 1000) / times
  }
  round()
  return spread(Array.from({ length: rounds }, round))
}

export function row(name: string, { median, min, max }: Spread, unit: string): string {
  const figure = (value: number) => value.toFixed(1).padStart(9)
  return `${name.padEnd(44)}${figure(median)} ${unit}  (${min.toFixed(1)} to ${max.toFixed(1)})`
}
