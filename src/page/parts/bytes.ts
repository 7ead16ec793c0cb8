/** Sizes as texts. */

const KIB = 1_024
const MIB = KIB * KIB

/** `820 B`, `1.2 KiB`, `100 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`
  if (bytes < MIB) return `${rounded(bytes / KIB)} KiB`
  return `${rounded(bytes / MIB)} MiB`
}

function rounded(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value))
}
