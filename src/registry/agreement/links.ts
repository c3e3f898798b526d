/**
 * Links that open something once: a token that leads to its slot, of which only the SHA-256 is stored. A new link for the same purpose
 * makes the earlier ones useless.
 */
import { createHash, randomBytes } from 'node:crypto'
import { clientError } from '../../base/errors.ts'
import type { Reader } from '../../storage/database.ts'
import type { Step } from './steps.ts'
import { LINK_HOURS } from './terms.ts'

export type LinkPurpose = keyof typeof LINK_HOURS

const TOKEN = /^([0-9a-f]{3})([A-Za-z0-9_-]{43})$/

export const isLinkToken = (token: string): boolean => TOKEN.test(token)

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

interface StoredLink {
  readonly purpose: LinkPurpose
  readonly subject: string
  readonly expires_at: Date
  readonly used_at: Date | null
}

const unknownLink = () => clientError('bad-link', 'This link is not known: if you were sent a newer one, use that')
const expiredLink = (at: Date) => clientError('link-expired', `This link was good until ${at.toISOString()}: ask for a new one`)

/** The slot that a token leads to. @throws `bad-link` */
export function slotOfToken(token: string): number {
  const [, slot = ''] = TOKEN.exec(token) ?? []
  if (slot === '') throw clientError('bad-link', 'This link is not complete: copy all of it from the message')
  return Number.parseInt(slot, 16)
}

/** Makes a link's token; it is shown once, and nowhere stored. Earlier ones of the subject are useless then, unless they are kept. */
export async function makeLink(
  { tx, slot, at }: Step,
  purpose: LinkPurpose,
  subject: string,
  { keepOthers = false } = {},
): Promise<string> {
  const token = `${slot.toString(16).padStart(3, '0')}${randomBytes(32).toString('base64url')}`
  if (!keepOthers)
    await tx.query('delete from link_token where slot = $1 and subject = $2 and purpose = $3 and used_at is null', [
      slot,
      subject,
      purpose,
    ])
  await tx.query('insert into link_token (slot, hash, purpose, subject, expires_at) values ($1, $2, $3, $4, $5)', [
    slot,
    hashOf(token),
    purpose,
    subject,
    new Date(at.getTime() + LINK_HOURS[purpose] * 3_600_000),
  ])
  return token
}

/** @throws `bad-link`, `link-used`, `link-expired` */
function checkUsable(row: StoredLink | undefined, at: Date): asserts row is StoredLink {
  if (!row) throw unknownLink()
  if (row.used_at) throw clientError('link-used', 'This link was used already')
  if (row.expires_at <= at) throw expiredLink(row.expires_at)
}

/**
 * Uses a token up; answers what it is for.
 * @throws `bad-link` (unknown, or made useless by a newer one), `link-used`, `link-expired`
 */
export async function takeLink({ tx, slot, at }: Step, purpose: LinkPurpose, token: string): Promise<string> {
  const [row] = await tx.query<StoredLink>(
    'select purpose, subject, expires_at, used_at from link_token where slot = $1 and hash = $2 and purpose = $3 for update',
    [slot, hashOf(token), purpose],
  )
  checkUsable(row, at)
  await tx.query('update link_token set used_at = $3 where slot = $1 and hash = $2', [slot, hashOf(token), at])
  return row.subject
}

async function storedLink(reader: Reader, token: string): Promise<StoredLink | undefined> {
  const [row] = await reader.read<StoredLink>(
    'select purpose, subject, expires_at, used_at from link_token where slot = $1 and hash = $2',
    [slotOfToken(token), hashOf(token)],
  )
  return row
}

/** What a token would open that opens something once; it stays good. @throws `bad-link`, `link-used`, `link-expired` */
export async function lookAtLink(reader: Reader, token: string, at: Date): Promise<StoredLink> {
  const row = await storedLink(reader, token)
  checkUsable(row, at)
  return row
}

/** What a token is for, which stays good. @throws `bad-link`, `link-expired` */
export async function readLink(reader: Reader, token: string, at: Date): Promise<StoredLink> {
  const row = await storedLink(reader, token)
  if (!row) throw unknownLink()
  if (row.expires_at <= at) throw expiredLink(row.expires_at)
  return row
}

/** Makes a token good again, where what it was used for did not come about. */
export async function giveLinkBack({ tx, slot }: Step, token: string): Promise<void> {
  await tx.query('update link_token set used_at = null where slot = $1 and hash = $2', [slot, hashOf(token)])
}
