/** Time since the start, as the log shows it. */

/** `0.004`, `12.500`, `3:05.020`, `2:03:05.020`: seconds, with minutes and hours where there are some. */
export function plainTime(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  const seconds = Math.floor(whole / 1_000)
  const rest = String(whole % 1_000).padStart(3, '0')
  if (seconds < 60) return `${seconds}.${rest}`
  const minutes = Math.floor(seconds / 60)
  const two = (value: number): string => String(value).padStart(2, '0')
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}.${rest}`
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}.${rest}`
}
