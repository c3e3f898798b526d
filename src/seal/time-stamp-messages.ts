/** The messages of RFC 3161: the request for a time stamp, the answer, and what stands in a token. Pure; nothing is believed here. */
import { CeralaccaError, clientError } from '../base/errors.ts'
import {
  TAG,
  childrenOf,
  dottedOf,
  element,
  expectTag,
  nullValue,
  objectIdentifier,
  octetString,
  readOnly,
  sequence,
  smallInteger,
  timeOf,
} from './der.ts'
import type { Element } from './der.ts'
import { OID } from './oids.ts'
import { readAlgorithm } from './signed-data.ts'

/** What is to be stamped. */
export interface TimeStampRequest {
  /** SHA-256 */
  readonly digest: Buffer
  /** the value of an INTEGER that the answer repeats; null where none is asked for */
  readonly nonce: Buffer | null
  /** the policy asked for; null for whatever the authority does */
  readonly policy: string | null
}

/** TSTInfo (RFC 3161 2.4.2): what the authority says in a token. */
export interface TimeStampInfo {
  readonly policy: string
  /** identifier of the digest's algorithm */
  readonly algorithm: string
  readonly digest: Buffer
  /** value of the serial number */
  readonly serial: Buffer
  /** milliseconds since 1970 */
  readonly time: number
  readonly nonce: Buffer | null
}

const VERSION_1 = 1
const GRANTED = [0, 1]
const SHA256 = sequence(objectIdentifier(OID.sha256), nullValue())

/** The INTEGER of random bytes, positive and in its shortest form. */
export function nonceOf(random: Buffer): Buffer {
  const nonce = Buffer.from(random)
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40
  return nonce
}

/** MessageImprint of a SHA-256. */
export const imprint = (digest: Buffer): Buffer => sequence(SHA256, octetString(digest))

/** RFC 3161 2.4.1; the authority's certificate is asked for, so that the token can be verified by itself. */
export function writeRequest({ digest, nonce, policy }: TimeStampRequest): Buffer {
  return sequence(
    smallInteger(VERSION_1),
    imprint(digest),
    ...(policy === null ? [] : [objectIdentifier(policy)]),
    ...(nonce === null ? [] : [element(TAG.integer, nonce)]),
    element(TAG.boolean, Buffer.from([0xff])),
  )
}

/** @throws client error `der-malformed` */
export function readRequest(der: Buffer): TimeStampRequest & { readonly algorithm: string } {
  const [version, wanted, ...rest] = childrenOf(readOnly(der), TAG.sequence)
  expectTag(version, TAG.integer)
  const policy = rest.find(({ tag }) => tag === TAG.oid)
  const nonce = rest.find(({ tag }) => tag === TAG.integer)
  return { ...readImprint(wanted), policy: policy ? dottedOf(policy.content) : null, nonce: nonce?.content ?? null }
}

function readImprint(found: Element | undefined): { algorithm: string; digest: Buffer } {
  const [algorithm, digest] = childrenOf(found, TAG.sequence)
  return { algorithm: readAlgorithm(algorithm).id, digest: expectTag(digest, TAG.octetString).content }
}

/**
 * The token in an answer (RFC 3161 2.4.2).
 * @returns DER of the token, as it came
 * @throws client error `der-malformed`; permanent error `time-stamp-refused` with what the authority says
 */
export function tokenOf(response: Buffer): Buffer {
  const [info, token] = childrenOf(readOnly(response), TAG.sequence)
  const [status, ...reasons] = childrenOf(info, TAG.sequence)
  const { content } = expectTag(status, TAG.integer)
  if (content.length === 1 && GRANTED.includes(content[0] ?? -1)) return expectTag(token, TAG.sequence).bytes
  const texts = reasons.filter(({ tag }) => tag === TAG.sequence).flatMap((list) => childrenOf(list, TAG.sequence))
  const words = texts.map((text) => text.content.toString('utf8')).join('; ')
  throw new CeralaccaError('time-stamp-refused', 'permanent', `the authority answered ${content.toString('hex')}: ${words}`)
}

/** A GeneralizedTime with or without a fraction of a second (RFC 3161 2.4.2). */
function readTime(found: Element | undefined): number {
  const { tag, bytes, content } = expectTag(found, TAG.generalizedTime)
  const [, whole, fraction = ''] = /^(\d{14})(?:\.(\d*[1-9]))?Z$/.exec(content.toString('latin1')) ?? []
  if (whole === undefined) throw clientError('der-malformed', 'not DER: a time in another form')
  const seconds = timeOf({ tag, bytes, content: Buffer.from(`${whole}Z`, 'latin1') })
  return seconds + Math.floor(Number(`0.${fraction || '0'}`) * 1000)
}

/** @throws client error `der-malformed` */
export function readTimeStampInfo(der: Buffer): TimeStampInfo {
  const [version, policy, stamped, serial, time, ...rest] = childrenOf(readOnly(der), TAG.sequence)
  if (expectTag(version, TAG.integer).content.toString('hex') !== '01') {
    throw clientError('der-malformed', 'a time stamp of an unknown version')
  }
  return {
    policy: dottedOf(expectTag(policy, TAG.oid).content),
    ...readImprint(stamped),
    serial: expectTag(serial, TAG.integer).content,
    time: readTime(time),
    nonce: rest.find(({ tag }) => tag === TAG.integer)?.content ?? null,
  }
}
