/** Verifies the seal of a message that was taken apart, of any size, without copying it and without holding everybody else up. */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { SealParts } from '../pec/reading.ts'
import type { VerifyInput, VerifyResult } from '../seal/verify.ts'

export type Verify = (input: VerifyInput) => VerifyResult

export interface SealCheck {
  readonly verify: Verify
  /** DER; the same array each time */
  readonly roots: readonly Buffer[]
  /** milliseconds since 1970 */
  readonly at: number
}

/** Bytes hashed at a stretch: some milliseconds. */
const STRETCH = 1 << 20

/**
 * @param bytes the whole message
 * @returns the signer, or why the seal does not hold
 */
export async function checkSeal(bytes: Buffer, { start, end, cms }: SealParts, check: SealCheck): Promise<VerifyResult> {
  const content = bytes.subarray(start, end)
  const { verify, roots, at } = check
  const judge = (text: Buffer): Promise<VerifyResult> => verifyContent(text, (signed) => verify({ ...signed, cms, roots, at }))
  const asItStands = await judge(content)
  if (asItStands.ok || asItStands.reason !== 'digest-mismatch') return asItStands
  // Sealed is the text with CRLF (RFC 1847 2.1); mail programs save it with the line ends of their system.
  const bare = countBareLineFeeds(content)
  return bare === 0 ? asItStands : judge(withCrlf(content, bare))
}

type Signed = { readonly digest: Buffer } | { readonly content: Buffer }

async function verifyContent(content: Buffer, verify: (signed: Signed) => VerifyResult): Promise<VerifyResult> {
  if (content.length <= STRETCH) return verify({ content })
  const hash = createHash('sha256')
  for (let at = 0; at < content.length; at += STRETCH) {
    hash.update(content.subarray(at, at + STRETCH))
    await setImmediate()
  }
  const result = verify({ digest: hash.digest() })
  return !result.ok && result.reason === 'content-needed' ? verify({ content }) : result
}

const LF = 10
const CR = 13

function countBareLineFeeds(content: Buffer): number {
  let count = 0
  for (let at = content.indexOf(LF); at >= 0; at = content.indexOf(LF, at + 1)) if (content[at - 1] !== CR) count++
  return count
}

/** A copy in which every line ends with CRLF; `bare` line ends lack the CR. */
function withCrlf(content: Buffer, bare: number): Buffer {
  const whole = Buffer.allocUnsafe(content.length + bare)
  let length = 0
  let from = 0
  for (let at = content.indexOf(LF); at >= 0; at = content.indexOf(LF, from)) {
    length += content.copy(whole, length, from, at)
    if (content[at - 1] !== CR) whole[length++] = CR
    whole[length++] = LF
    from = at + 1
  }
  content.copy(whole, length, from)
  return whole
}
