/**
 * Time zones: which names are accepted, and the step between a zone's local time and an instant. Pure.
 * A local time is written as the epoch milliseconds that it would have in UTC.
 */

/**
 * Names of the IANA database beside those that `Intl.supportedValuesOf` lists, which leaves out links and `UTC`. Intl
 * itself cannot tell: it takes any case, replaces links, and takes offsets such as `+01:00`.
 */
const OTHER_NAMES = `
Africa/Asmara Africa/Timbuktu America/Argentina/Buenos_Aires America/Argentina/Catamarca
America/Argentina/ComodRivadavia America/Argentina/Cordoba America/Argentina/Jujuy America/Argentina/Mendoza
America/Atikokan America/Atka America/Ensenada America/Fort_Wayne America/Indiana/Indianapolis
America/Kentucky/Louisville America/Knox_IN America/Montreal America/Nipigon America/Nuuk America/Pangnirtung
America/Porto_Acre America/Rainy_River America/Rosario America/Santa_Isabel America/Shiprock America/Thunder_Bay
America/Virgin America/Yellowknife Antarctica/South_Pole Asia/Ashkhabad Asia/Choibalsan Asia/Chongqing
Asia/Chungking Asia/Dacca Asia/Harbin Asia/Ho_Chi_Minh Asia/Istanbul Asia/Kashgar Asia/Kathmandu Asia/Kolkata
Asia/Macao Asia/Tel_Aviv Asia/Thimbu Asia/Ujung_Pandang Asia/Ulan_Bator Asia/Yangon Atlantic/Faroe
Atlantic/Jan_Mayen Australia/ACT Australia/Canberra Australia/Currie Australia/LHI Australia/NSW Australia/North
Australia/Queensland Australia/South Australia/Tasmania Australia/Victoria Australia/West Australia/Yancowinna
Brazil/Acre Brazil/DeNoronha Brazil/East Brazil/West CET CST6CDT Canada/Atlantic Canada/Central Canada/Eastern
Canada/Mountain Canada/Newfoundland Canada/Pacific Canada/Saskatchewan Canada/Yukon Chile/Continental
Chile/EasterIsland Cuba EET EST EST5EDT Egypt Eire Etc/GMT Etc/GMT+0 Etc/GMT+1 Etc/GMT+10 Etc/GMT+11 Etc/GMT+12
Etc/GMT+2 Etc/GMT+3 Etc/GMT+4 Etc/GMT+5 Etc/GMT+6 Etc/GMT+7 Etc/GMT+8 Etc/GMT+9 Etc/GMT-0 Etc/GMT-1 Etc/GMT-10
Etc/GMT-11 Etc/GMT-12 Etc/GMT-13 Etc/GMT-14 Etc/GMT-2 Etc/GMT-3 Etc/GMT-4 Etc/GMT-5 Etc/GMT-6 Etc/GMT-7 Etc/GMT-8
Etc/GMT-9 Etc/GMT0 Etc/Greenwich Etc/UCT Etc/UTC Etc/Universal Etc/Zulu Europe/Belfast Europe/Kyiv Europe/Nicosia
Europe/Tiraspol Europe/Uzhgorod Europe/Zaporozhye GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland
Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT Mexico/BajaNorte Mexico/BajaSur Mexico/General NZ
NZ-CHAT Navajo PRC PST8PDT Pacific/Chuuk Pacific/Johnston Pacific/Kanton Pacific/Pohnpei Pacific/Samoa Pacific/Yap
Poland Portugal ROC ROK Singapore Turkey UCT US/Alaska US/Aleutian US/Arizona US/Central US/East-Indiana
US/Eastern US/Hawaii US/Indiana-Starke US/Michigan US/Mountain US/Pacific US/Samoa UTC Universal W-SU WET Zulu
`

let knownNames: ReadonlySet<string> | null = null

/** Every name that is accepted. */
export function zoneNames(): ReadonlySet<string> {
  knownNames ??= new Set([...Intl.supportedValuesOf('timeZone'), ...OTHER_NAMES.trim().split(/\s+/)])
  return knownNames
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** The local time of a zone at an instant. */
export function localTimeAt(zone: string, at: number): number {
  return at + offsetMsAt(zone, at)
}

/**
 * The instant of a local time. Where the clock goes back and a local time comes twice, the first of the two; where it
 * goes forward and the local time does not exist, the first instant after the gap.
 */
export function instantOf(zone: string, localTime: number): number {
  const before = localTime - offsetMsAt(zone, localTime - DAY_MS)
  const after = localTime - offsetMsAt(zone, localTime + DAY_MS)
  const [earlier, later] = before < after ? [before, after] : [after, before]
  if (localTimeAt(zone, earlier) === localTime) return earlier
  if (localTimeAt(zone, later) === localTime) return later
  return firstAfterChange(zone, earlier, later)
}

/**
 * Where a clock goes back, local times come twice: the first local time that does not. `first` is an instant of the first
 * pass, `second` one of the second.
 */
export function endOfRepeat(zone: string, first: number, second: number): number {
  return firstAfterChange(zone, first, second) + offsetMsAt(zone, first)
}

/** The instant in (`from`, `to`] at which the zone's offset becomes that of `to`. Changes happen at whole minutes. */
function firstAfterChange(zone: string, from: number, to: number): number {
  const newOffset = offsetMsAt(zone, to)
  let low = Math.floor(from / MINUTE_MS)
  let high = Math.ceil(to / MINUTE_MS)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMsAt(zone, middle * MINUTE_MS) === newOffset) high = middle
    else low = middle
  }
  return high * MINUTE_MS
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function offsetMsAt(zone: string, at: number): number {
  const instant = Math.floor(at / 1_000) * 1_000
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(instant)
      .map((part) => [part.type, Number(part.value)]),
  )
  const field = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const localTime = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return localTime - instant
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, formatter)
  }
  return formatter
}
