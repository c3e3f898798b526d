/**
 * The revoked certificates of a list (RFC 5280 5.3), a hundred thousand or more: one pass checks them all and keeps only where in the DER
 * each stands. Date and reason are read when somebody asks for one.
 */
import { clientError } from '../base/errors.ts'
import type { CeralaccaError } from '../base/errors.ts'
import { TAG, childrenOf, expectTag, readBounds, readElement, readOnly, timeAt, timeOf } from './der.ts'
import { readExtensions, unknownCriticalOf } from './extensions.ts'
import { OID } from './oids.ts'

export interface RevokedEntry {
  /** milliseconds since 1970 */
  readonly date: number
  /** CRLReason of RFC 5280 5.3.1; 0 (unspecified) where it is not said */
  readonly reason: number
  /** since when the certificate may have been misused, in milliseconds since 1970; null where it is not said */
  readonly invalidSince: number | null
}

export const REASON = { keyCompromise: 1, caCompromise: 2, certificateHold: 6, removeFromCrl: 8, aaCompromise: 10 } as const

export interface RevokedEntries {
  readonly size: number
  /** @param serial value of the serial number, as it stands in the certificate */
  find(serial: Buffer): RevokedEntry | null
}

/** A list that is whole, but cannot be used; the message says why. */
export const unfitList = (why: string): CeralaccaError => clientError('crl-unfit', `the revocation list cannot be used: ${why}`)

const malformed = (what: string): CeralaccaError => clientError('der-malformed', `not DER of a revocation list: ${what}`)

const PROCESSED: ReadonlySet<string> = new Set([OID.reasonCode, OID.invalidityDate])

const MOST_KNOWN = 64

type EntryFacts = Pick<RevokedEntry, 'reason' | 'invalidSince'>

const NOTHING_SAID: EntryFacts = { reason: 0, invalidSince: null }

function readFacts(extensionsDer: Buffer): EntryFacts {
  const extensions = readExtensions(readOnly(extensionsDer))
  // Whose certificate it is then depends on all entries before it: a list of that kind is refused as a whole.
  if (extensions.has(OID.certificateIssuer)) throw unfitList('it names certificates of several issuers')
  const unknown = unknownCriticalOf(extensions, PROCESSED)
  if (unknown !== null) throw unfitList(`an entry has the critical extension ${unknown}`)
  const reason = extensions.get(OID.reasonCode)
  const since = extensions.get(OID.invalidityDate)
  const code = reason && expectTag(readOnly(reason.value), TAG.enumerated).content
  if (code && code.length !== 1) throw malformed('reason')
  return { reason: code?.[0] ?? 0, invalidSince: since ? timeOf(readOnly(since.value, TAG.generalizedTime)) : null }
}

/** Most entries have the same few extensions: what a reason says is remembered by its bytes. */
function createFactsReader(): (der: Buffer, start: number, end: number) => EntryFacts {
  const known = new Map<string, EntryFacts>()
  return (der, start, end) => {
    const key = der.toString('latin1', start, end)
    const facts = known.get(key) ?? readFacts(der.subarray(start, end))
    if (known.size < MOST_KNOWN) known.set(key, facts)
    return facts
  }
}

/** An INTEGER in its shortest form (X.690 8.3.2): one that is longer would not be found by its value. */
function isShortest(der: Buffer, start: number, end: number): boolean {
  const [first = 0, second = 0] = [der[start], der[start + 1]]
  return end > start && (end - start === 1 || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
}

/**
 * @param der value of the SEQUENCE of revoked certificates; kept, and not to be changed
 * @throws client errors `der-malformed`; `crl-unfit` where an entry has something that we do not process
 */
export function readEntries(der: Buffer): RevokedEntries {
  const places = new Map<string, number>()
  const factsOf = createFactsReader()
  for (let offset = 0; offset < der.length;) {
    const entry = readBounds(der, offset)
    const serial = readBounds(der, entry.start)
    const date = readBounds(der, serial.end)
    if (entry.tag !== TAG.sequence || serial.tag !== TAG.integer || !isShortest(der, serial.start, serial.end)) {
      throw malformed('entry')
    }
    timeAt(der, date)
    if (date.end > entry.end) throw malformed('entry')
    const facts = date.end === entry.end ? NOTHING_SAID : factsOf(der, date.end, entry.end)
    // Only a delta list takes a certificate back (RFC 5280 5.3.1); elsewhere it says that the certificate is not revoked.
    if (facts.reason !== REASON.removeFromCrl) places.set(der.toString('hex', serial.start, serial.end), offset)
    offset = entry.end
  }
  return {
    size: places.size,
    find(serial) {
      const place = places.get(serial.toString('hex'))
      if (place === undefined) return null
      const [, date, extensions] = childrenOf(readElement(der, place), TAG.sequence)
      return { date: timeOf(date ?? expectTag(date, TAG.utcTime)), ...(extensions ? readFacts(extensions.bytes) : NOTHING_SAID) }
    },
  }
}
