/**
 * LDIF entries under `o=postacert` <-> provider records (RFC 6109 4.5).
 *
 * What a fault costs: as little as it can. A value that cannot be used (a certificate without its hash, a domain that is none) is left
 * out; a record that then lacks what it must have is left out; every other record stands. Each is named in `problems`, and whoever applies
 * the file raises the alarm. Taking such a record from the last good copy instead would keep trusting a certificate that the directory
 * may have meant to take away. A file that is no LDIF at all is refused as a whole by ldif.ts.
 */
import { createHash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { readCertificate } from '../seal/certificate.ts'
import { escapeNameValue, readName, type NamePart } from './distinguished-name.ts'
import { isDomainName } from './domain-name.ts'
import { textOf, type LdifAttribute, type LdifEntry } from './ldif.ts'
import type { LdifOutput } from './ldif-writer.ts'
import type { ProviderRecord } from './types.ts'

export interface RecordProblem {
  readonly line: number
  readonly dn: string
  readonly problem: string
  /** the whole record is left out, or a value of it; `nothing`: odd, but used */
  readonly lost: 'record' | 'value' | 'nothing'
}

export interface DirectoryContent {
  readonly records: ProviderRecord[]
  readonly problems: RecordProblem[]
  /** LDIFLocationURL of the base record: where the whole directory is */
  readonly location: string | null
}

/** "dot-atom-text on both sides of the @" (RFC 6109 4.5.4) */
const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const MAIL_ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@${ATOM}(?:\\.${ATOM})*$`, 'i')

/** RFC 6109 writes `providerUnits` once, in the name; taken as what it means. */
const UNIT_TYPES = ['providerunit', 'providerunits']

/** The hash of a certificate as the directory writes it: SHA-1, hexadecimal (RFC 6109 4.5.1). It names the certificate, it secures nothing. */
export const certificateHash = (der: Buffer): string => createHash('sha1').update(der).digest('hex')

/** Never throws for what stands in the entries. */
export function readRecords(entries: readonly LdifEntry[]): DirectoryContent {
  const records = new Map<string, ProviderRecord>()
  const problems: RecordProblem[] = []
  let location: string | null = null
  for (const entry of entries) {
    const note = (line: number, problem: string, lost: RecordProblem['lost']): void =>
      void problems.push({ line, dn: entry.dn, problem, lost })
    const name = readName(entry.dn)
    const base = name?.at(-1)
    if (!name || base?.type !== 'o' || base.value.toLowerCase() !== 'postacert') {
      note(entry.line, 'its name is not under o=postacert', 'record')
    } else if (name.length === 1) location = readTexts(entry, ['ldiflocationurl'], note)[0]?.text ?? null
    else {
      const record = readRecord(entry, name, note)
      if (!record) continue
      const key = JSON.stringify([record.name.toLowerCase(), record.unit?.toLowerCase()])
      if (records.has(key)) note(entry.line, 'a second record of the same provider and environment', 'record')
      else records.set(key, record)
    }
  }
  return { records: [...records.values()], problems, location }
}

type Note = (line: number, problem: string, lost: RecordProblem['lost']) => void

function readRecord(entry: LdifEntry, dn: readonly NamePart[], note: Note): ProviderRecord | undefined {
  const single = (label: string, types: readonly string[]): string | null => {
    const [value, second] = readTexts(entry, types, note)
    if (second) note(second.line, `more than one ${label}; the first counts`, 'value')
    return value?.text ?? null
  }
  const inName = (types: readonly string[]): string | undefined => dn.find(({ type }) => types.includes(type))?.value
  const name = single('providerName', ['providername'])
  const unit = single('providerUnit', UNIT_TYPES) ?? inName(UNIT_TYPES) ?? null
  const mailReceipt = single('mailReceipt', ['mailreceipt'])
  const ldifUrl = single('LDIFLocationURL', ['ldiflocationurl'])
  const description = readTexts(entry, ['description'], note)[0]?.text ?? null
  const domains = readDomains(entry, note)
  const certificates = readCertificates(entry, note)

  const lacks =
    (name === null && 'no providerName') ||
    (mailReceipt === null && 'no mailReceipt') ||
    (!MAIL_ADDRESS.test(mailReceipt ?? '') && 'mailReceipt is no mail address') ||
    (domains.length === 0 && 'no managedDomains') ||
    (certificates.length === 0 && 'no providerCertificate with its hash')
  if (lacks || name === null || mailReceipt === null) {
    note(entry.line, lacks || 'incomplete', 'record')
    return undefined
  }
  // RFC 6109 4.5.3: the attribute holds the name, in every record.
  const named = inName(['providername'])
  if (named?.toLowerCase() !== name.toLowerCase()) note(entry.line, `providerName is "${name}" and not as in its dn`, 'nothing')
  return { name, unit, mailReceipt, domains, certificates, ldifUrl: unit === null ? ldifUrl : null, description }
}

/** Texts of an attribute; what is empty or no UTF-8 is left out. */
function readTexts(entry: LdifEntry, types: readonly string[], note: Note): { line: number; text: string }[] {
  return valuesOf(entry, types, note).flatMap((attribute) => {
    const { line, type } = attribute
    try {
      const text = textOf(attribute).trim()
      return text === '' ? [] : { line, text }
    } catch (error) {
      if (!(error instanceof CeralaccaError)) throw error
      note(line, `${type} is not UTF-8`, 'value')
      return []
    }
  })
}

/** Attributes of some types; those whose value cannot be read are left out. */
const valuesOf = ({ attributes }: LdifEntry, types: readonly string[], note: Note): LdifAttribute[] =>
  attributes.filter(({ line, type, damaged }) => {
    if (!types.includes(type)) return false
    if (damaged) note(line, `the base64 of ${type} is damaged`, 'value')
    return !damaged
  })

function readDomains(entry: LdifEntry, note: Note): string[] {
  const domains = new Set<string>()
  for (const { line, text } of readTexts(entry, ['manageddomains'], note)) {
    if (isDomainName(text)) domains.add(text.toLowerCase())
    else note(line, `"${text.slice(0, 100)}" is no domain name`, 'value')
  }
  return [...domains]
}

/** The certificates that come with their hash (RFC 6109 4.5): one without the other is a fault. */
function readCertificates(entry: LdifEntry, note: Note): Buffer[] {
  const listed = new Map(readTexts(entry, ['providercertificatehash'], note).map(({ text, line }) => [plainHash(text), line]))
  const certificates = new Map<string, Buffer>()
  const seen = new Set<string>()
  for (const { line, value } of valuesOf(entry, ['providercertificate'], note)) {
    const hash = certificateHash(value)
    seen.add(hash)
    if (!listed.has(hash)) note(line, `a certificate has the hash ${hash}, which the record does not list`, 'value')
    else if (!isCertificate(value)) note(line, 'a certificate is damaged', 'value')
    else certificates.set(hash, Buffer.from(value))
  }
  for (const [hash, line] of listed) if (!seen.has(hash)) note(line, `no certificate has the hash ${hash.slice(0, 64)}`, 'value')
  return [...certificates.values()]
}

const plainHash = (text: string): string => text.replaceAll(':', '').toLowerCase()

function isCertificate(der: Buffer): boolean {
  try {
    readCertificate(der)
    return true
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return false
    throw error
  }
}

/** The entry of a record. */
export function entryOf(record: ProviderRecord): LdifOutput {
  const { name, unit, mailReceipt, domains, certificates, ldifUrl, description } = record
  const environment = unit === null ? '' : `providerUnit=${escapeNameValue(unit)},`
  const optional = (description: string, value: string | null): [string, string][] =>
    value === null ? [] : [[description, value]]
  return {
    dn: `${environment}providerName=${escapeNameValue(name)},o=postacert`,
    attributes: [
      ['objectClass', 'top'],
      ['objectClass', 'provider'],
      ['providerName', name],
      ...optional('providerUnit', unit),
      ...certificates.map((der): [string, string] => ['providerCertificateHash', certificateHash(der).toUpperCase()]),
      ...certificates.map((der): [string, Buffer] => ['providerCertificate;binary', der]),
      ['mailReceipt', mailReceipt],
      ...optional('LDIFLocationURL', ldifUrl),
      ...domains.map((domain): [string, string] => ['managedDomains', domain]),
      ...optional('description', description),
    ],
  }
}
