/** Times and durations as short texts. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `8 ms`, `1.4 s`, `2 min 5 s`, `3 h 20 min`, `4 d`. */
export function shownDuration(ms: number): string {
  if (ms < 1) return ms > 0 ? '< 1 ms' : '0 ms'
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${trimmed(ms / SECOND)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return twoParts(ms, MINUTE, 'min', SECOND, 's')
  if (ms < DAY) return twoParts(ms, HOUR, 'h', MINUTE, 'min')
  return twoParts(ms, DAY, 'd', HOUR, 'h')
}

/** One unit is enough for an age: `12 s`, `4 min`, `3 h`, `9 d`. */
export function shownAge(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`
  return `${Math.floor(ms / DAY)} d`
}

/** `every 250 ms`, `every 10 s`. */
export function shownInterval(ms: number): string {
  return `every ${shownDuration(ms)}`
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}

function twoParts(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}
