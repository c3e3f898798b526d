/** The extensions of certificates, revocation lists and their entries, which all have one form (RFC 5280 4.2, 5.2, 5.3), and the names in them. */
import { clientError } from '../base/errors.ts'
import { TAG, childrenOf, dottedOf, expectTag, readAll, readOnly } from './der.ts'
import type { Element } from './der.ts'

export interface ExtensionValue {
  readonly critical: boolean
  /** DER */
  readonly value: Buffer
}

/**
 * @param list the SEQUENCE of extensions, or undefined where there is none
 * @returns each by its identifier
 * @throws client error `der-malformed`, also where one stands twice
 */
export function readExtensions(list: Element | undefined): Map<string, ExtensionValue> {
  const extensions = new Map<string, ExtensionValue>()
  if (list === undefined) return extensions
  for (const extension of childrenOf(list, TAG.sequence)) {
    const [id, ...rest] = childrenOf(extension, TAG.sequence)
    const name = dottedOf(expectTag(id, TAG.oid).content)
    if (extensions.has(name)) throw clientError('der-malformed', `extension ${name} stands twice`)
    const critical = rest[0]?.tag === TAG.boolean && rest[0].content[0] !== 0
    extensions.set(name, { critical, value: expectTag(rest.at(-1), TAG.octetString).content })
  }
  return extensions
}

/** The first critical extension that is not among the known ones, or null. */
export const unknownCriticalOf = (extensions: ReadonlyMap<string, ExtensionValue>, known: ReadonlySet<string>): string | null =>
  [...extensions].find(([id, { critical }]) => critical && !known.has(id))?.[0] ?? null

/**
 * The fullName of a DistributionPointName (RFC 5280 4.2.1.13), which stands in the field [0] of certificates and lists alike.
 * @returns the names, each as it stands; null where it is relative to the issuer instead, which nobody uses
 */
export function readFullName(field: Element): Element[] | null {
  const name = readOnly(field.content)
  return name.tag === 0xa0 ? readAll(name.content) : null
}
