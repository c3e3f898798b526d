/**
 * The envelope sender of each mail: an address that names the mail, so that what comes back to it tells which one was not delivered, whatever
 * the other server quotes of it. The identifier is not to be guessed. Pure.
 */
export interface MailKey {
  readonly slot: number
  readonly id: string
}

export interface ReturnPaths {
  of(mail: MailKey): string
  /** The mail that an address names; undefined if it is none of these. */
  read(address: string): MailKey | undefined
}

const NAME = 'rimbalzi'
const LOCAL_PART = new RegExp(`^${NAME}\\+([0-9a-f]{3})([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$`, 'i')

/** @param domain whose mail comes to our MX */
export function createReturnPaths(domain: string): ReturnPaths {
  return {
    of: ({ slot, id }) => `${NAME}+${slot.toString(16).padStart(3, '0')}${id.replaceAll('-', '')}@${domain}`,
    read(address) {
      const at = address.lastIndexOf('@')
      if (address.slice(at + 1).toLowerCase() !== domain.toLowerCase()) return undefined
      const [, slot, ...parts] = LOCAL_PART.exec(address.slice(0, at)) ?? []
      return slot === undefined ? undefined : { slot: Number.parseInt(slot, 16), id: parts.join('-').toLowerCase() }
    },
  }
}
