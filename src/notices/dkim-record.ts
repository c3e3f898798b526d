/** The DNS record that vouches for the DKIM key (RFC 6376 3.6.1, RFC 8463 4). Pure. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { clientError } from '../base/errors.ts'

export interface DkimRecord {
  readonly name: string
  readonly value: string
}

/** @param privateKey PEM @throws `bad-config` if it is no key for DKIM */
export function dkimRecord(privateKey: string, selector: string, domain: string): DkimRecord {
  const key = createPublicKey(readKey(privateKey))
  const name = `${selector}._domainkey.${domain}`
  if (key.asymmetricKeyType === 'rsa')
    return { name, value: `v=DKIM1; k=rsa; p=${key.export({ type: 'spki', format: 'der' }).toString('base64')}` }
  if (key.asymmetricKeyType === 'ed25519')
    // RFC 8463 4: the bare key, which "x" of the JWK is.
    return {
      name,
      value: `v=DKIM1; k=ed25519; p=${Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`,
    }
  throw clientError('bad-config', `A DKIM key is RSA or Ed25519, and this is ${key.asymmetricKeyType ?? 'none'}`)
}

function readKey(pem: string) {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw clientError('bad-config', `The DKIM key cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
