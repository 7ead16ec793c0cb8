/** Converts common cron expressions to words, else returns null, because wrong words would be worse than none. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const MONTH_NAMES = MONTHS.map((name) => name.slice(0, 3).toLowerCase())

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

/** `0 2 * * *` is `every day at 02:00`. Six fields begin with seconds. */
export function cronInWords(expression: string): string | null {
  const fields = (NICKNAMES[expression.trim().toLowerCase()] ?? expression).trim().split(/\s+/)
  const [second, minute, hour, day, month, weekday] = fields.length === 5 ? ['0', ...fields] : fields
  if (fields.length < 5 || fields.length > 6) return null
  const time = timeInWords(second ?? '', minute ?? '', hour ?? '')
  const days = daysInWords(day ?? '', month ?? '', weekday ?? '')
  if (time === null || days === null) return null
  if (time.isClock) return `${days === '' ? 'every day' : days} ${time.words}`
  return days === '' ? time.words : `${time.words}, ${days}`
}

interface TimeWords {
  readonly words: string
  /** Whether it is a time of day, and does not repeat within a day. */
  readonly isClock: boolean
}

function timeInWords(second: string, minute: string, hour: string): TimeWords | null {
  const repeats = (words: string): TimeWords => ({ words, isClock: false })
  if (minute === '*' && hour === '*') {
    const every = stepOf(second)
    if (every !== null) return repeats(every === 1 ? 'every second' : `every ${every} seconds`)
    return second === '0' ? repeats('every minute') : null
  }
  if (second !== '0') return null
  const everyMinutes = stepOf(minute)
  if (everyMinutes !== null && hour === '*') return repeats(`every ${everyMinutes} minutes`)
  const at = numberOf(minute, 59)
  if (at === null) return null
  if (hour === '*') return repeats(at === 0 ? 'every hour' : `every hour at minute ${at}`)
  const everyHours = stepOf(hour)
  if (everyHours !== null) return repeats(`every ${everyHours} hours${at === 0 ? '' : ` at minute ${at}`}`)
  const hours = hour.split(',').map((each) => numberOf(each, 23))
  if (hours.some((each) => each === null)) return null
  return { words: `at ${listed(hours.map((each) => `${two(each ?? 0)}:${two(at)}`))}`, isClock: true }
}

/** Returns an empty text for every day. */
function daysInWords(day: string, month: string, weekday: string): string | null {
  const isAny = (field: string): boolean => field === '*' || field === '?'
  const inMonth = isAny(month) ? '' : named(month, 12, MONTH_NAMES, 1)
  if (inMonth === null) return null
  const months = inMonth === '' ? '' : ` of ${listed(inMonth.map((each) => MONTHS[each - 1] ?? ''))}`
  if (isAny(day) && isAny(weekday)) return months === '' ? '' : `every day${months}`
  if (!isAny(day) && !isAny(weekday)) return null
  if (!isAny(day)) {
    if (day.toLowerCase() === 'l') return `on the last day${months === '' ? ' of each month' : months}`
    const days = day.split(',').map((each) => numberOf(each, 31))
    if (days.some((each) => each === null || each === 0)) return null
    return `on day ${listed(days.map(String))}${months === '' ? ' of each month' : months}`
  }
  const onDays = weekday === '1-5' || /^mon-fri$/i.test(weekday) ? 'working' : named(weekday, 7, DAY_NAMES, 0)
  if (onDays === null) return null
  const words = onDays === 'working' ? 'from Monday to Friday' : `on ${listed(onDays.map((each) => DAYS[each] ?? ''))}`
  return `${words}${months}`
}

function named(field: string, most: number, names: readonly string[], first: number): readonly number[] | null {
  const found = field.split(',').map((part) => {
    const index = names.indexOf(part.toLowerCase())
    return index >= 0 ? index + first : numberOf(part, most)
  })
  return found.every((each) => each !== null && each >= first) ? (found as number[]) : null
}

function stepOf(field: string): number | null {
  const [, step] = /^(?:\*|0)\/(\d{1,2})$/.exec(field) ?? []
  return field === '*' ? 1 : step === undefined || Number(step) === 0 ? null : Number(step)
}

function numberOf(field: string, most: number): number | null {
  return /^\d{1,2}$/.test(field) && Number(field) <= most ? Number(field) : null
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
