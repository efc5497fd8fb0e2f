const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes for people: `45 B`, `131.4 GiB`. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`
}
