/** What is a domain name here: letters, digits and hyphens, at least two labels (RFC 1034 3.5, RFC 6109 4.5.5). */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const DOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`)

/** In any case. */
export const isDomainName = (name: string): boolean => DOMAIN.test(name.toLowerCase())
