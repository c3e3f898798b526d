/** Mail addresses as the registry keeps them. */
import { clientError } from '../base/errors.ts'

const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
const ADDRESS = new RegExp(`^(?=.{1,64}@)${ATOM}(?:\\.${ATOM})*@[a-z0-9.-]{1,253}$`)

/** The one spelling under which an address is kept and looked up: lower case. */
export const canonicalAddress = (address: string): string => address.toLowerCase()

/**
 * An address that a mailbox may have.
 * @throws `bad-address`
 */
export function checkedAddress(address: string): string {
  const canonical = canonicalAddress(address)
  if (!ADDRESS.test(canonical))
    throw clientError('bad-address', `"${address}" is not a mail address such as name.surname@pec.example.it`)
  return canonical
}

/** The address that somebody means who gives it as his user name. */
export const addressOfUser = (user: string): string => canonicalAddress(user.trim())
