/**
 * One instant of a transaction, as every text, header and XML of it shows it: Italian legal time (RFC 6109 4.1 and 4.2, I7).
 */
export interface Instant {
  /** milliseconds since 1970, whole seconds: what is shown and what is stored are the same instant */
  readonly ms: number
  /** dd/mm/yyyy */
  readonly day: string
  /** hh:mm:ss */
  readonly time: string
  /** +0100 or +0200 */
  readonly zone: string
  /** RFC 5322 date-time */
  readonly rfc5322: string
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

const rome = new Intl.DateTimeFormat('en-US', { timeZone: 'Europe/Rome', timeZoneName: 'longOffset', hour: '2-digit' })

/** The offset only ever changes on a quarter of an hour, so it is asked of the time zone data once per quarter. */
let offsetKnownFor = Number.NaN
let knownOffset = 0

function romeOffsetMinutes(ms: number): number {
  const quarter = Math.floor(ms / 900_000)
  if (quarter !== offsetKnownFor) {
    const name = rome.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? ''
    const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name)
    if (!match) throw new Error(`no Europe/Rome offset in "${name}": this Node lacks time zone data`)
    const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
    knownOffset = match[1] === '-' ? -minutes : minutes
    offsetKnownFor = quarter
  }
  return knownOffset
}

const two = (value: number): string => String(value).padStart(2, '0')

/** The instant of `ms` (default: now), cut to whole seconds, in Europe/Rome time. */
export function instantOf(ms: number = Date.now()): Instant {
  const whole = Math.floor(ms / 1000) * 1000
  return instantIn(whole, romeOffsetMinutes(whole))
}

/** The instant of `ms` (whole seconds) as it is written where the clocks are `offset` minutes ahead of UTC. */
export function instantIn(whole: number, offset: number): Instant {
  const local = new Date(whole + offset * 60_000)
  const sign = offset < 0 ? '-' : '+'
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`
  const [day, month, year] = [local.getUTCDate(), local.getUTCMonth(), local.getUTCFullYear()]
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`
  return {
    ms: whole,
    day: `${two(day)}/${two(month + 1)}/${year}`,
    time,
    zone,
    rfc5322: `${WEEKDAYS[local.getUTCDay()]}, ${two(day)} ${MONTHS[month]} ${year} ${time} ${zone}`,
  }
}
