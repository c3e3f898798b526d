/** DKIM signatures (RFC 6376) on mail that leaves for ordinary addresses. */
import { createPrivateKey } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { dkimSign } from 'mailauth/lib/dkim/sign.js'
import { parseAddresses } from '../mime/address.ts'
import { fieldsOf, parseHeader, unfold } from '../mime/header.ts'
import { streamOf } from './smtp-content.ts'

export interface DkimKey {
  readonly selector: string
  /** RSA or Ed25519, PEM */
  readonly privateKey: string
}

/**
 * @returns a function from a message to the header field to put before it, for the domain of its From (RFC 7489 3.1); null where From does
 *   not name one domain. It rejects when the message cannot be signed.
 */
export function createDkimSigner({ selector, privateKey }: DkimKey): (content: readonly Buffer[]) => Promise<Buffer | null> {
  // A key that cannot sign is known before any mail.
  createPrivateKey(privateKey)
  return async (content) => {
    const domain = signingDomain(content)
    if (domain === null) return null
    const { signatures, errors } = await dkimSign(
      streamOf(content, () => undefined),
      {
        canonicalization: 'relaxed/relaxed',
        signingDomain: domain,
        selector,
        privateKey,
        signatureData: [{ signingDomain: domain, selector, privateKey }],
      },
    )
    const [error] = errors
    if (error) throw new Error(`DKIM signature for ${domain}`, { cause: error.err })
    return Buffer.from(signatures, 'latin1')
  }
}

/** A header lies in the first pieces; it is looked for in no more than this. */
const MOST_HEADER_BYTES = 256 * 1024

function signingDomain(content: readonly Buffer[]): string | null {
  const start: Buffer[] = []
  let length = 0
  for (const piece of content) {
    if (length >= MOST_HEADER_BYTES) break
    start.push(piece.subarray(0, MOST_HEADER_BYTES - length))
    length += start.at(-1)?.length ?? 0
  }
  const fields = fieldsOf(parseHeader(start.length === 1 && start[0] ? start[0] : Buffer.concat(start)), 'From')
  const domains = new Set(
    fields.flatMap(({ value }) => parseAddresses(unfold(value)).map(({ host }) => host?.toLowerCase() ?? '')),
  )
  const [domain = ''] = domains
  return domains.size === 1 && domain !== '' ? domainToASCII(domain) || null : null
}
