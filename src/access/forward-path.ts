/** Forward paths of the SMTP dialogue in one spelling, so that they can be compared with the header, the directory and the registry. */
import { domainToASCII } from 'node:url'
import { clientError } from '../base/errors.ts'
import { readAddress, writeAddress } from './address-list.ts'

/**
 * The address with its domain as A-labels (RFC 5891), quoted only where it must be; its case stays.
 * @param path as the SMTP library gives it: it has made the domain Unicode
 * @throws client errors `non-ascii-address`: SMTPUTF8 (RFC 6531) is not offered; `bad-recipient`
 */
export function canonicalPath(path: string): string {
  const at = path.lastIndexOf('@')
  const local = path.slice(0, Math.max(at, 0))
  if (/[^\u0000-\u007f]/.test(local))
    throw clientError('non-ascii-address', 'Characters beyond ASCII may stand in the domain only: SMTPUTF8 is not offered')
  const address = readAddress(`${local}@${asciiDomain(path.slice(at + 1))}`)
  if (!address) throw clientError('bad-recipient', 'That is not a whole mail address such as name.surname@pec.example.it')
  return writeAddress(address)
}

/** A domain in ASCII stays as it is: `domainToASCII` would take one of digits for an IPv4 address. */
export const asciiDomain = (domain: string): string => (/[^\u0000-\u007f]/.test(domain) ? domainToASCII(domain) : domain)
